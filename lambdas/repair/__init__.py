"""The control steps of the repair-failure workflow."""
