"""The worlds' certificate authority: who is trusted, and what sites may wish for."""

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from firstbyte.lab.certificates import Issuer

LEAF_DAYS = 90


class Chain(Struct, frozen=True):
    """PEM: the site's certificate and the intermediate, and the site's key."""

    certificates: bytes
    key: bytes


class Wish(Struct, frozen=True):
    """What a certificate is to be. Days are counted from the authority's ``now``."""

    names: tuple[str, ...]
    from_day: int = -30
    until_day: int = LEAF_DAYS - 30
    with_intermediate: bool = True
    self_signed: bool = False


class Authority:
    """Issues certificates that are valid around ``now_s``, the Unix time at which a world begins.

    The root is what clients trust; the intermediate signs what sites have. Equal names, seeds and
    wishes give, to the byte, equal keys and certificates, in whatever order they are wished for:
    nothing in a lab is secret.
    """

    def __init__(self, now_s: float, name: str = "firstbyte lab", *, seed: int = 0) -> None:
        self._now_s = now_s
        self._name = name
        self._seed = seed

    @cached_property
    def _issuer(self) -> "Issuer":
        """Made when the first certificate is needed: loading ``cryptography.x509`` takes 30 ms."""
        from firstbyte.lab.certificates import Issuer

        return Issuer(self._now_s, self._name, self._seed)

    @property
    def root_pem(self) -> bytes:
        """The root's certificate."""
        return self._issuer.root_pem

    def issue(self, wish: Wish) -> Chain:
        """A chain for a site."""
        return self._issuer.issue(wish)
