"""Results: one judgement from all that the workers and the workflow have seen."""
