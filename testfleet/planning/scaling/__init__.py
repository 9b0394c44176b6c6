"""How much of the fleet stands ready."""
