"""The control steps of the run-tests workflow."""
