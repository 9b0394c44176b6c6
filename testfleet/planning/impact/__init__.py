"""Which units a change can reach."""
