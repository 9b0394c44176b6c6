"""The worker: runs one shard and reports, whatever the tests do."""
