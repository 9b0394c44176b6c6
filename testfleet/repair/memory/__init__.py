"""Repairs that were proved once, and are offered when the same failure comes back."""
