"""Units into shards: the plan of the first round."""
