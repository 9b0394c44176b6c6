"""Test files of Vitest, Jest and Playwright Test, found by reading configurations as literals."""
