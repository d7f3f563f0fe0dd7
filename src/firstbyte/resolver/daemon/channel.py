"""The ways in which a question comes, and what they change."""

from enum import Enum
from typing import Final


class Channel(Enum):
    """By its name in the statistics."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    HTTPS = "https"

    @property
    def encrypted(self) -> bool:
        """Whether padding hides anything (RFC 7830, 6: never in clear)."""
        return self in (Channel.TLS, Channel.HTTPS)

    @property
    def kept_open(self) -> bool:
        """Whether its idle time is told by EDNS (RFC 7828); HTTP has its own ways."""
        return self in (Channel.TCP, Channel.TLS)


UDP: Final = Channel.UDP
"""What nearly every question comes by: Python 3.11 finds a member on its class slowly."""
