"""Failures by cause: clusters, what is remembered of them, and who may have broken it."""
