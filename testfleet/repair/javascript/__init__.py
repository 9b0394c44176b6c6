"""Repair of failing JavaScript and TypeScript tests: Vitest and Jest."""
