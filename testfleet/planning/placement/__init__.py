"""Which kind of worker a unit runs on."""
