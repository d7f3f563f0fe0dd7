"""Endpoints that the lab and the tests talk to."""
