"""``os.environ``: the machine's proxies are out of reach, the world's CA and key log are set."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "WS_PROXY", "WSS_PROXY")


@contextmanager
def environment(extra: Mapping[str, str]) -> Iterator[None]:
    """Without proxy variables and with ``extra``, until the end of the ``with``."""
    hidden = [*PROXIES, *(name.lower() for name in PROXIES), *extra]
    saved = {name: os.environ.pop(name) for name in hidden if name in os.environ}
    os.environ.update(extra)
    try:
        yield
    finally:
        for name in extra:
            os.environ.pop(name, None)
        os.environ.update(saved)
