"""Worlds, faults and experiments."""
