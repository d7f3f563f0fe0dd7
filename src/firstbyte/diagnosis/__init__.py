"""What is wrong, with evidence and cure: findings, one rule a file, and their pages.

Nothing here touches the network: a finding is a pure function of a journey.
"""

from firstbyte.diagnosis.engine import diagnose

__all__ = ["diagnose"]
