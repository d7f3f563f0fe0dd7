"""``firstbyte dns serve``: the resolver for others, over UDP and TCP."""
