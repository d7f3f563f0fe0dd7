"""dnspython's zone file reader, with the line of every mistake, and what it passes over in silence.

A record that its reader finds broken is often read to its end by then: the line that it names is
the one after. Records of other zones and second records of single types vanish without a word.
"""

import re
from pathlib import Path
from typing import Any

import dns.exception
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.transaction
import dns.zone
import dns.zonefile

from firstbyte.errors import UsageError

_SINGLE = frozenset({dns.rdatatype.SOA, dns.rdatatype.CNAME, dns.rdatatype.DNAME})
_SHOWN_CHARACTERS = 60
_TOO_MUCH = re.compile(r'expected EOL or EOF, got \d+ (".*")')


class _Tokens(dns.tokenizer.Tokenizer):
    """Remembers where the last word stood, and owners that are outside the zone."""

    def __init__(self, text: str, source: str, apex: dns.name.Name) -> None:
        super().__init__(text, source)
        self.outside: list[tuple[int, dns.name.Name]] = []
        self._apex = apex
        self._line = 1
        self._begins = False

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        """The next word."""
        token = super().get(want_leading, want_comment)
        self._begins = want_leading
        if not token.is_eol_or_eof():
            ahead = self.ungotten_char == "\n"  # the end of this line is counted already
            self._line = super().where()[1] - ahead
        return token

    def as_name(self, token: dns.tokenizer.Token, *given: Any, **named: Any) -> dns.name.Name:
        """A word as name."""
        name = super().as_name(token, *given, **named)
        if self._begins and not name.is_subdomain(self._apex):
            self.outside.append((self._line, name))
        return name

    def where(self) -> tuple[str, int]:
        """The file, and the line of the last word."""
        return super().where()[0], self._line


class Reading:
    """What came of a file: the zone, and what an operator should know of it."""

    def __init__(self, zone: dns.zone.Zone, remarks: list[str]) -> None:
        self.zone = zone
        self.remarks = remarks


def read(text: str, apex: dns.name.Name, source: str, directory: Path | None) -> Reading:
    """The zone in a file's text; $INCLUDE is allowed where there is a ``directory``.

    Raises:
        UsageError: it breaks the format; the message names the line.

    """
    zone = dns.zone.Zone(apex, dns.rdataclass.IN, relativize=False)
    tokens = _Tokens(text, source, apex)
    try:
        with zone.writer(True) as transaction:
            transaction.check_put_rdataset(_only_once)
            dns.zonefile.Reader(
                tokens, dns.rdataclass.IN, transaction, allow_include=directory is not None
            ).read()
    except (dns.exception.DNSException, ValueError, OSError) as error:
        raise UsageError(_explained(error, text, tokens)) from error
    remarks = [
        f"{source}:{line}: {name} is not in the zone {apex} and is left out"
        for line, name in tokens.outside
    ]
    return Reading(zone, remarks)


def _only_once(
    transaction: dns.transaction.Transaction, name: dns.name.Name, rdataset: Any
) -> None:
    """A second SOA, CNAME or DNAME of a name would replace the first (RFC 2181, 10.1; 6672, 2.4).

    Raises:
        SyntaxError: there is one that differs.

    """
    if rdataset.rdtype not in _SINGLE:
        return
    known = transaction.get(name, rdataset.rdtype)
    if known is not None and known[0] != rdataset[0]:
        kind = dns.rdatatype.to_text(rdataset.rdtype)
        raise dns.exception.SyntaxError(f"{name} has two {kind} records")  # type: ignore[no-untyped-call]


def _explained(error: Exception, text: str, tokens: _Tokens) -> str:
    """``FILE:LINE: what is wrong: the line``."""
    source, number = tokens.where()
    words = str(error) or type(error).__name__
    if isinstance(error, OSError):
        words = f"cannot read {error.filename}: {error.strerror}"
    elif isinstance(error, dns.zonefile.CNAMEAndOtherData):
        words = "a name with a CNAME record has no other records (RFC 2181, 10.1)"
    place = f"{source}:{number}: "
    if words.startswith(f"{source}:"):
        words = words.removeprefix(place)
    elif isinstance(error, dns.exception.SyntaxError):
        return words  # of an included file, with its own place
    words = _TOO_MUCH.sub(r"\1 is one field too many, or a bracket is not closed", words)
    lines = text.splitlines()
    line = " ".join(lines[number - 1].split()) if number <= len(lines) else ""
    shown = line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"
    words = words.removesuffix(".")
    return f"{place}{words[:1].lower()}{words[1:]}" + (f": {shown}" if shown else "")
