"""Starts the runs that the clock asks for."""
