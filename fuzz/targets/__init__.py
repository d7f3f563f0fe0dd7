"""The targets, a module for each kind; each has its own in ``TARGETS``."""

from fuzz.target import Target
from fuzz.targets import dhcp, dns, files, http, packets, shown, tls

ALL: tuple[Target, ...] = (
    *tls.TARGETS,
    *packets.TARGETS,
    *dhcp.TARGETS,
    *dns.TARGETS,
    *http.TARGETS,
    *files.TARGETS,
    *shown.TARGETS,
)
