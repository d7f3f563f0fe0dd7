"""Questions that people ask: dig's words, plain queries, zone transfers, the walk from the root."""
