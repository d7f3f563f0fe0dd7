"""The traced client: racing, connecting, negotiating, asking, following."""
