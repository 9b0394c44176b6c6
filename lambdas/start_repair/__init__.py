"""Starts repairs of runs that have ended red."""
