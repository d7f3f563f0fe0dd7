"""What the site does on purpose: the names, the delays, the content."""

from dataclasses import dataclass

HOST = "www.firstbyte.test"
PLAIN_HOST = "firstbyte.test"


@dataclass(frozen=True, slots=True)
class Truth:
    """The delays of the site, in seconds, and the size of its page."""

    dns_s: float = 0.024
    """Before each DNS answer."""
    accept_s: float = 0.012
    """After accept, before the TLS server reads the ClientHello."""
    think_s: float = 0.050
    """Between request and response."""
    pause_s: float = 0.009
    """Between two parts of the content."""
    parts: int = 4
    paragraphs: int = 2000
    valid_days: int = 21
    """How long the certificate is still valid."""
