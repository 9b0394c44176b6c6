"""Which of the plausible patches is right: they are grouped by what they do, and groups vote."""
