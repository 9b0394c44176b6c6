"""A fleet on paper: what a plan would take, cost and lose, by a discrete-event simulation."""
