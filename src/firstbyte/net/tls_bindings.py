"""The one place where OpenSSL's functions are called past pyOpenSSL's public names.

pyOpenSSL shows no message callback, no host check and no staple, though its bindings have them.
Each group is looked for when this module is loaded; ``UNAVAILABLE`` names those that this build
lacks, and what depends on them is then not known (null), never wrong.
"""

import weakref
from typing import Any, Protocol

from OpenSSL import SSL

_lib: Any = SSL._lib  # type: ignore[attr-defined]  # noqa: SLF001 - this file exists for it
_ffi: Any = SSL._ffi  # type: ignore[attr-defined]  # noqa: SLF001

_GROUPS = {
    "messages": ("SSL_CTX_set_msg_callback",),
    "peer_name": (
        "SSL_get0_param",
        "X509_VERIFY_PARAM_set1_host",
        "X509_VERIFY_PARAM_set1_ip",
        "X509_VERIFY_PARAM_set_hostflags",
    ),
    "verify_message": ("X509_verify_cert_error_string",),
    "verify_time": ("SSL_get0_param", "X509_VERIFY_PARAM_set_time"),
    "groups": ("SSL_CTX_set1_curves_list",),
    "session": ("SSL_session_reused",),
    "staple": ("SSL_get_tlsext_status_ocsp_resp",),
    "early_data": (
        "SSL_write_early_data",
        "SSL_read_early_data",
        "SSL_CTX_set_max_early_data",
        "SSL_SESSION_get_max_early_data",
    ),
}

UNAVAILABLE = frozenset(
    group for group, needed in _GROUPS.items() if not all(hasattr(_lib, name) for name in needed)
)
"""What this build of OpenSSL's bindings cannot do."""

_NO_PARTIAL_WILDCARDS = 0x4
_NEVER_CHECK_SUBJECT = 0x20
"""The subject's common name is no name of a server (RFC 9525, 6.3 and 2)."""


class Watcher(Protocol):
    """Takes what OpenSSL shows of one connection."""

    def on_message(self, sent: bool, content_type: int, data: bytes) -> None:
        """A message (20 to 22) or a record header (256) was written or read."""

    def on_verify_error(self, code: int, depth: int) -> None:
        """Verification found a fault of the certificate at ``depth``."""


# keyed by the address of OpenSSL's SSL object; an entry goes when its watcher does
_watchers: weakref.WeakValueDictionary[Any, Watcher] = weakref.WeakValueDictionary()


def _on_message(
    written: int, _version: int, content_type: int, buffer: Any, length: int, ssl: Any, _arg: Any
) -> None:
    watcher = _watchers.get(ssl)
    if watcher is not None:
        watcher.on_message(bool(written), content_type, bytes(_ffi.buffer(buffer, length)))


_message_callback = (
    None
    if "messages" in UNAVAILABLE
    else _ffi.callback("void(int,int,int,const void*,size_t,SSL*,void*)", _on_message)
)


def show_messages(context: SSL.Context) -> None:
    """Have the connections of ``context`` show their messages to their watchers."""
    if _message_callback is not None:
        _lib.SSL_CTX_set_msg_callback(context._context, _message_callback)  # noqa: SLF001


def set_groups(context: SSL.Context, names: bytes) -> None:
    """Offer these groups, in this order, and no others: "X25519:P-256".

    Raises:
        SSL.Error: a name is not known.

    """
    if "groups" in UNAVAILABLE or not _lib.SSL_CTX_set1_curves_list(context._context, names):  # noqa: SLF001
        _lib.ERR_clear_error()
        raise SSL.Error([("SSL routines", "", "unknown group")])


def watch(connection: SSL.Connection, watcher: Watcher) -> None:
    """Give the messages of ``connection`` to ``watcher``, as long as that lives."""
    _watchers[connection._ssl] = watcher  # noqa: SLF001


def on_certificate(
    connection: SSL.Connection, _certificate: object, code: int, depth: int, _ok: int
) -> bool:
    """The verify callback: note every fault and go on, so that all of them are found."""
    watcher = _watchers.get(connection._ssl)  # noqa: SLF001
    if watcher is not None and code:
        watcher.on_verify_error(code, depth)
    return True


def expect_host(connection: SSL.Connection, name: bytes) -> bool:
    """Check the peer's certificate for a DNS name, by SAN alone (RFC 9525); False: it cannot be."""
    if "peer_name" in UNAVAILABLE:
        return False
    parameters = _parameters(connection)
    _lib.X509_VERIFY_PARAM_set_hostflags(parameters, _NO_PARTIAL_WILDCARDS | _NEVER_CHECK_SUBJECT)
    return bool(_lib.X509_VERIFY_PARAM_set1_host(parameters, name, len(name)))


def expect_address(connection: SSL.Connection, packed: bytes) -> bool:
    """Check the peer's certificate for an IP address of 4 or 16 bytes; False: it cannot be."""
    if "peer_name" in UNAVAILABLE:
        return False
    return bool(_lib.X509_VERIFY_PARAM_set1_ip(_parameters(connection), packed, len(packed)))


def verify_at(connection: SSL.Connection, unix_time_s: int) -> None:
    """Check validity at this time instead of the process's clock."""
    if "verify_time" not in UNAVAILABLE:
        _lib.X509_VERIFY_PARAM_set_time(_parameters(connection), unix_time_s)


def is_resumed(connection: SSL.Connection) -> bool:
    """Whether the handshake took up an earlier session."""
    return "session" not in UNAVAILABLE and bool(_lib.SSL_session_reused(connection._ssl))  # noqa: SLF001


def verify_message(code: int) -> str:
    """OpenSSL's sentence for a verification error."""
    if "verify_message" in UNAVAILABLE:
        return f"verification error {code}"
    text: bytes = _ffi.string(_lib.X509_verify_cert_error_string(code))
    return text.decode("ascii", "replace")


def staple(connection: SSL.Connection) -> bytes | None:
    """The OCSP response that came with the handshake, DER."""
    if "staple" in UNAVAILABLE:
        return None
    pointer = _ffi.new("unsigned char **")
    length = _lib.SSL_get_tlsext_status_ocsp_resp(connection._ssl, pointer)  # noqa: SLF001
    return bytes(_ffi.buffer(pointer[0], length)) if length > 0 else None


def _parameters(connection: SSL.Connection) -> Any:
    return _lib.SSL_get0_param(connection._ssl)  # noqa: SLF001
