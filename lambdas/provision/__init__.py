"""Keeps workers and instances warm ahead of the load that is predicted."""
