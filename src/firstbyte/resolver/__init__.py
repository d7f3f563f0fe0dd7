"""Names to addresses: the stub, and later iteration, validation, cache and daemon."""
