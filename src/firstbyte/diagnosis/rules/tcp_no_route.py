"""There is no way there."""

from firstbyte.diagnosis.evidence import attempts_text, endpoint, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tcp.no_route",
    severity="critical",
    check=when_failed(
        "tcp.no_route", lambda hop: f"There is no route to {endpoint(hop)}.", attempts_text
    ),
    title="No route to host",
    meaning=(
        "This machine has no route to the address, or a router on the way said (ICMP) that the "
        "host or network cannot be reached. The error comes at once, or after some seconds when "
        "the neighbour does not answer ARP. No SYN ever reached the server."
    ),
    see=("ip route get ADDRESS", "ip -6 route get ADDRESS", "traceroute ADDRESS"),
    fix="Check the routing table, the interface and the VPN: `ip route get ADDRESS`.",
    cures=(
        "An IPv6 address on a machine without IPv6: use -4, or mend the AAAA record.",
        "A host in the same subnet that is off shows as EHOSTUNREACH after ARP gave up.",
        "A firewall that rejects with icmp-host-prohibited looks the same.",
    ),
    references=("RFC 1122, 3.2.2.1", "RFC 1122, 4.2.3.9", "RFC 792", "RFC 4443, 3.1"),
    aliases=(
        "EHOSTUNREACH",
        "ENETUNREACH",
        "No route to host",
        "Network is unreachable",
        "ERR_ADDRESS_UNREACHABLE",
        "ERR_INTERNET_DISCONNECTED",
        "WSAENETUNREACH",
        "WSAEHOSTUNREACH",
        "java.net.NoRouteToHostException",
        "Host is unreachable",
        "Errno 113",
        "Errno 101",
    ),
)
