"""What a denial proves."""

from enum import Enum


class Proof(Enum):
    """PROVED; OPT_OUT: proved only that no signed name is there (RFC 5155, 6); FAILED: nothing."""

    PROVED = "proved"
    OPT_OUT = "opt-out"
    FAILED = "failed"
