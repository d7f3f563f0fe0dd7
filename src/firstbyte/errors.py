"""Every error that firstbyte raises on purpose.

::

    FirstbyteError
    ├── UsageError            the caller asked for something that cannot be (bad URL, bad option)
    ├── DecodeError           bytes from outside do not follow their protocol's rules
    └── ConnectionLifeError   a phase of the connection's life failed; has an error id and a phase
        ├── UrlError          url.*   no URL that can be traced (it is a UsageError, too)
        ├── NameError_        dns.*   the name could not be resolved
        ├── ConnectError      tcp.*   no connection to any address
        ├── TlsError          tls.*   no secure connection
        ├── QuicError         quic.*  no QUIC connection, or it broke
        ├── ProxyError        proxy.* the proxy refused or failed
        ├── HttpError         http.*  the exchange failed or broke a rule
        └── DeadlineError     a time limit of the caller's passed

``ConnectionLifeError.id`` is a stable dotted id; where a finding of that id exists,
``firstbyte explain ID`` prints its page. ``cli/exit_codes.py`` maps ids to curl's exit codes.
"""

from collections.abc import Collection


class FirstbyteError(Exception):
    """The root of the tree."""


class UsageError(FirstbyteError):
    """The caller asked for something that cannot be. ``hint`` says what to do instead."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def did_you_mean(name: str, known: Collection[str], otherwise: str) -> str:
    """A hint for ``name``, which is none of ``known``: the nearest of them, or ``otherwise``."""
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), 1)
    return f"did you mean {near[0]!r}?" if near else otherwise


class DecodeError(FirstbyteError):
    """Outside bytes break a rule.

    ``offset`` counts bytes from the start of the decoded unit, ``field`` names the part,
    ``expected`` and ``found`` say what the rule wants and what stood there, and ``reference``
    is the RFC section.
    """

    def __init__(self, offset: int, field: str, expected: str, found: str, reference: str) -> None:
        super().__init__(
            f"{field} at offset {offset}: expected {expected}, found {found} ({reference})"
        )
        self.offset = offset
        self.field = field
        self.expected = expected
        self.found = found
        self.reference = reference


class ConnectionLifeError(FirstbyteError):
    """A phase failed. ``id``, ``phase`` and ``message`` go to the journey's outcome."""

    phase = "trace"

    def __init__(self, id: str, message: str, hint: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.id = id
        self.message = message
        self.hint = hint


class UrlError(ConnectionLifeError, UsageError):
    """A URL, typed or met in a ``Location``, cannot be traced: malformed, or another scheme."""

    phase = "url"


class NameError_(ConnectionLifeError):  # noqa: N801 - the builtin has the plain name
    """The name could not be resolved."""

    phase = "dns"


class ConnectError(ConnectionLifeError):
    """No TCP connection to any address could be made, or it broke before TLS or HTTP began."""

    phase = "tcp"


class TlsError(ConnectionLifeError):
    """The TLS handshake failed, or the peer is not who it should be."""

    phase = "tls"


class QuicError(ConnectionLifeError):
    """The QUIC connection could not be made, or it broke."""

    phase = "quic"


class ProxyError(ConnectionLifeError):
    """The proxy could not be reached, refused the tunnel, or is not understood."""

    phase = "proxy"


class HttpError(ConnectionLifeError):
    """The exchange failed; ``phase`` is send, wait or receive."""

    def __init__(self, id: str, message: str, hint: str | None = None, *, phase: str) -> None:  # noqa: A002
        super().__init__(id, message, hint)
        self.phase = phase


class DeadlineError(ConnectionLifeError):
    """A limit that the caller set (``--connect-timeout``, ``-m``) passed during ``phase``."""

    def __init__(self, id: str, message: str, hint: str | None = None, *, phase: str) -> None:  # noqa: A002
        super().__init__(id, message, hint)
        self.phase = phase
