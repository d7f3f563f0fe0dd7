"""Fuzzing: every decoder of ours against mutated real input; ``python -m fuzz --help``."""
