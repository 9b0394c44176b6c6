"""How risky a change is."""
