"""Plans: what to run, where, and in which shards. Pure functions, but for `source_tree`."""
