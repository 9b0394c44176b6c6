"""Records what a new object in the bucket says of its run."""
