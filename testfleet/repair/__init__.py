"""From failing tests to a proved patch: localise, generate candidates, validate, agree."""
