"""Templates that change an expression where it stands."""
