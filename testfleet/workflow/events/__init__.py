"""The stream of a run's events: told from its records, numbered once, and read by everyone."""
