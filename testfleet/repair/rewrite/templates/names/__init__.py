"""Templates that change which name is meant."""
