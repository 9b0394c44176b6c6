"""Repair by code models: what they are asked, and what of their answers becomes a candidate."""
