"""How long units take: what is remembered of runs, and what that makes likely."""
