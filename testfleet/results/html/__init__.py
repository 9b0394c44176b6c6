"""The report as one page for people."""
