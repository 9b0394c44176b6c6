"""Measurements of what the README claims, each beside a peer, in one run on one machine."""
