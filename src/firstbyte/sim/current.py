"""Which host the running code is on: a context variable, inherited by child tasks."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from firstbyte.sim.errors import NoHost

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

HOST: ContextVar["Host | None"] = ContextVar("firstbyte_host", default=None)


def current_host() -> "Host":
    """The host that the running code is on.

    Raises ``NoHost`` outside of any.
    """
    host = HOST.get()
    if host is None:
        raise NoHost("this code runs on no host: start it with host.run(coroutine)")
    return host
