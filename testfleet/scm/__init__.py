"""Code hosts: working trees, commits, webhooks and schedules, and what they ask for."""
