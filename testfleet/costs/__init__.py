"""Money: what a run costs, and what a month may cost."""
