"""The random bytes of Python's own OpenSSL (``ssl``), seeded by the world.

``RAND_set_rand_method`` takes OpenSSL's generator away for the whole process and is put back when
the world stops; hellos, key shares, signatures and ticket keys then repeat. Where OpenSSL hides
the call (a static build without it), it keeps its own entropy, and only sizes and times repeat.
"""

import ctypes
import ssl
from collections.abc import Callable
from typing import Any

from firstbyte.net.libssl import open_library
from firstbyte.sim.patches.substitution import Substitution

_Seed = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_Bytes = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_Cleanup = ctypes.CFUNCTYPE(None)
_Add = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_double)
_Status = ctypes.CFUNCTYPE(ctypes.c_int)


class _Method(ctypes.Structure):
    """``RAND_METHOD`` of openssl/rand.h."""

    _fields_ = (
        ("seed", _Seed),
        ("bytes", _Bytes),
        ("cleanup", _Cleanup),
        ("add", _Add),
        ("pseudorand", _Bytes),
        ("status", _Status),
    )


class OpenSslEntropy:
    """Lets ``ssl`` draw from ``urandom`` between ``enter`` and ``leave``."""

    def __init__(self, urandom: Callable[[int], bytes]) -> None:
        self._library = _library()
        self._fill = _Bytes(lambda place, size: _fill(place, urandom(size)))
        self._method = _Method(bytes=self._fill, pseudorand=self._fill, status=_Status(lambda: 1))
        self._outside: int | None = None

    def enter(self) -> None:
        """Take the generator's place."""
        if self._library is not None:
            self._outside = self._library.RAND_get_rand_method()
            self._library.RAND_set_rand_method(ctypes.addressof(self._method))

    def leave(self) -> None:
        """Put the generator back."""
        if self._library is not None:
            self._library.RAND_set_rand_method(self._outside)


def tickets() -> Substitution:
    """Servers keep TLS sessions themselves, as with OP_NO_TICKET.

    A ticket that holds the session (RFC 5077) holds OpenSSL's real clock too, and so would differ
    from run to run. Sessions resume all the same: the ticket is the session's random name. (So a
    context knows the sessions of its former worlds, and names new ones differently.)
    """
    real = ssl.SSLContext.wrap_bio

    def wrap_bio(
        context: ssl.SSLContext,
        incoming: Any,
        outgoing: Any,
        server_side: bool = False,
        *more: Any,
        **named: Any,
    ) -> Any:
        if server_side:
            context.options |= ssl.OP_NO_TICKET
        return real(context, incoming, outgoing, server_side, *more, **named)

    return Substitution(ssl.SSLContext, "wrap_bio", wrap_bio, everywhere=False)


def _fill(place: int, random_bytes: bytes) -> int:
    ctypes.memmove(place, random_bytes, len(random_bytes))
    return 1


def _library() -> Any:
    """OpenSSL as ``ssl`` has loaded it; null if its symbols are not to be had."""
    library = open_library()
    try:
        library.RAND_set_rand_method.argtypes = [ctypes.c_void_p]
        library.RAND_get_rand_method.restype = ctypes.c_void_p
    except AttributeError:
        return None
    return library
