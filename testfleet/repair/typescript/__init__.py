"""Repair of what the TypeScript compiler complains about, and of what linters can fix."""
