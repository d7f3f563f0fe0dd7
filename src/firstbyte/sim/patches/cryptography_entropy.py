"""The keys and signatures of the library ``cryptography`` (aioquic's), seeded by the world.

Its OpenSSL is a second one, inside the library, and cannot be seeded. So keys are made from the
world's bytes, and ECDSA signs without randomness (RFC 6979). RSA keys and RSA-PSS salts stay real.
"""

from collections.abc import Callable, Iterator
from typing import Any

from firstbyte.sim.patches.substitution import Substitution

Urandom = Callable[[int], bytes]


def substitutions(urandom: Urandom) -> Iterator[Substitution]:
    """What replaces the makers of keys."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x448, x25519

    def generate_private_key(curve: ec.EllipticCurve, backend: Any = None) -> Any:  # noqa: ARG001
        # A byte less than the curve's order has: never beyond it.
        secret = int.from_bytes(urandom(curve.key_size // 8 - 1)) + 1
        return ec.derive_private_key(secret, curve)

    yield Substitution(ec, "generate_private_key", generate_private_key)
    yield _generator(x25519.X25519PrivateKey, 32, urandom)
    yield _generator(x448.X448PrivateKey, 56, urandom)
    yield _generator(ed25519.Ed25519PrivateKey, 32, urandom)
    if _can_sign_without_randomness():
        yield Substitution(ec.ECDSA, "__init__", _deterministic(ec.ECDSA), everywhere=False)


def _generator(kind: Any, size: int, urandom: Urandom) -> Substitution:
    def generate(cls: Any) -> Any:
        return cls.from_private_bytes(urandom(size))

    return Substitution(kind, "generate", classmethod(generate), everywhere=False)


def _deterministic(kind: Any) -> Callable[..., None]:
    real = kind.__init__

    def __init__(self: Any, algorithm: Any, deterministic_signing: bool = True) -> None:  # noqa: ARG001, N807
        real(self, algorithm, deterministic_signing=True)

    return __init__


def _can_sign_without_randomness() -> bool:
    from cryptography.hazmat.backends.openssl.backend import backend

    return bool(backend.ecdsa_deterministic_supported())
