"""No DNS server answered."""

from firstbyte.diagnosis.evidence import name, questions_text, servers_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="dns.silent",
    severity="critical",
    check=when_failed(
        "dns.silent",
        lambda hop: f"No DNS server answered for {name(hop)} ({servers_text(hop)}).",
        questions_text,
    ),
    title="The resolver is silent",
    meaning=(
        "Questions went out and nothing came back, from any configured server. The server is "
        "down, its address is wrong, or packets to port 53 are dropped on the way. Silence says "
        "nothing about the name itself."
    ),
    see=("dig @SERVER NAME", "cat /etc/resolv.conf", "resolvectl status"),
    fix=(
        "Check that the servers (resolv.conf has the system's) are up, and that UDP and TCP reach "
        "their port."
    ),
    cures=(
        "Try another server: --dns-servers 9.9.9.9, or DNS over HTTPS with --doh-url.",
        "Many networks let nobody ask name servers but their resolver: leave --iterative out.",
        "After joining a VPN or network: its resolver may be reachable from there alone.",
    ),
    references=("RFC 1035, 4.2.1", "RFC 9520, 2.2"),
    aliases=(
        "DNS timeout",
        "connection timed out; no servers could be reached",
        "i/o timeout",
        "DNS_PROBE_FINISHED_NO_INTERNET",
        "Resolving timed out",
        "ETIMEOUT",
        "communications error to: timed out",
        "ERR_NAME_RESOLUTION_FAILED",
    ),
)
