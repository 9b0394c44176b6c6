"""Durations into parts of nearly the same length."""
