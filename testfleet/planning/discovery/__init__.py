"""Which units a suite has, found by reading."""
