"""dig's words: what each of them sets, and what to do in place of those that are not known."""

from typing import Any

FLAGS: dict[str, tuple[str, Any, Any]] = {
    "short": ("short", True, False),
    "trace": ("trace", True, False),
    "dnssec": ("dnssec", True, False),
    "do": ("dnssec", True, False),
    "recurse": ("recurse", True, False),
    "rdflag": ("recurse", True, False),
    "adflag": ("authentic", True, False),
    "cdflag": ("checking_disabled", True, False),
    "cd": ("checking_disabled", True, False),
    "tcp": ("tcp", True, False),
    "vc": ("tcp", True, False),
    "ignore": ("ignore_truncation", True, False),
    "fail": ("stop_at_servfail", True, False),
    "edns": ("edns", 0, None),
    "ednsnegotiation": ("negotiate", True, False),
    "nsid": ("nsid", True, False),
    "keepalive": ("keepalive", True, False),
    "expire": ("expire", True, False),
    "cookie": ("cookie", b"", None),
    "badcookie": ("retry_cookie", True, False),
    "subnet": ("subnet", "0", None),
    "search": ("search", True, False),
    "defname": ("search", True, False),
    "showsearch": ("search_shown", True, False),
    "header-only": ("header_only", True, False),
    "padding": ("padding_bytes", 128, 0),
    "ednsopt": ("options", (), ()),
}
"""Fields of ``Wanted``: what the word sets them to, and what its ``no`` does."""
SHOWN = {
    "question": "question",
    "answer": "answer",
    "authority": "authority",
    "additional": "additional",
    "comments": "comments",
    "stats": "stats",
    "cmd": "cmd",
    "ttlid": "ttl",
    "ttl": "ttl",
    "class": "rdclass",
    "cl": "rdclass",
    "identify": "identify",
    "qr": "qr",
    "multiline": "multiline",
    "ttlunits": "ttlunits",
    "rrcomments": "rrcomments",
    "crypto": "crypto",
    "onesoa": "onesoa",
    "unknownformat": "unknownformat",
    "expandaaaa": "expandaaaa",
    "idnout": "idnout",
}
"""Fields of ``rendering.dns_dig.Parts``."""
SECTIONS = ("question", "answer", "authority", "additional", "comments", "stats", "cmd")
"""What ``all`` means."""
BITS = {
    "aaflag": ("flags", 0x0400),
    "aaonly": ("flags", 0x0400),
    "tcflag": ("flags", 0x0200),
    "raflag": ("flags", 0x0080),
    "zflag": ("flags", 0x0040),
    "coflag": ("edns_flags", 0x4000),  # RFC 9824, 5.1: compact denial is understood
}
"""Bits of the header, and of the OPT record."""
WAYS = {
    "tls": ("tls", False),
    "https": ("https", False),
    "https-post": ("https", False),
    "https-get": ("https", True),
    "http-plain": ("http", False),
    "http-plain-post": ("http", False),
    "http-plain-get": ("http", True),
}
"""How the server is reached, and whether by GET; HTTP's may have a path."""
TLS_TEXTS = {
    "tls-ca": "ca_file",
    "tls-hostname": "hostname",
    "tls-certfile": "cert_file",
    "tls-keyfile": "key_file",
}
"""Fields of ``Secured``; ``tls-ca`` also says whether the certificate must be good."""
NUMBERS = {
    "time": ("timeout_s", 1, 600),
    "timeout": ("timeout_s", 1, 600),
    "tries": ("tries", 1, 20),
    "retry": ("tries", 0, 19),
    "bufsize": ("buffer_bytes", 0, 65535),
    "edns": ("edns", 0, 255),
    "ednsflags": ("edns_flags", 0, 0x7FFF),
    "padding": ("padding_bytes", 0, 512),
    "qid": ("id", 0, 65535),
    "ndots": ("ndots", 0, 15),
}
IGNORED = frozenset({"besteffort", "keepopen", "idnin", "mapped"})
"""Words of dig's that change nothing here, or only what is so already."""
ELSEWHERE = {
    "yaml": "--json has the same, as RFC 8427 has it",
    "nssearch": "firstbyte dns compare NAME SOA, or firstbyte dns NAME --audit",
    "dns64prefix": "firstbyte dns ipv4only.arpa AAAA has the prefix in its answer (RFC 7050)",
}
"""Words of dig's that are not known here, and what to do instead."""
VALUED = {
    "subnet": "NET",
    "cookie": "HEX",
    "ednsopt": "CODE[:HEX]",
    "domain": "NAME",
    "opcode": "NAME or number",
    "split": "number",
    **dict.fromkeys(TLS_TEXTS, "text"),
    **dict.fromkeys((name for name in WAYS if name != "tls"), "PATH"),
}
"""Words that take a value of their own kind."""
