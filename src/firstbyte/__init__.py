"""One tool for the whole life of a connection: DNS, TCP, TLS, QUIC, HTTP, WebSocket, SSE.

The public names load their rooms on first use, so that importing firstbyte costs nothing.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from firstbyte.client.options import TraceOptions
    from firstbyte.client.trace import trace, trace_sync
    from firstbyte.journey.model import Journey

__all__ = ["Journey", "TraceOptions", "__version__", "trace", "trace_sync"]

_HOMES = {
    "Journey": "firstbyte.journey.model",
    "TraceOptions": "firstbyte.client.options",
    "trace": "firstbyte.client.trace",
    "trace_sync": "firstbyte.client.trace",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'firstbyte' has no attribute {name!r}")
    return getattr(import_module(home), name)
