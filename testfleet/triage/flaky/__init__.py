"""Flaky or real: rates, reruns that tell, and quarantine."""
