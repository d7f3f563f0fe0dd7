"""``select`` and ``selectors``: programs that wait for sockets themselves, without asyncio."""

import select
import selectors
from collections.abc import Iterator

from firstbyte.sim.patches.substitution import Substitution
from firstbyte.sim.polling import SimEpoll, SimPoll, sim_select


def substitutions() -> Iterator[Substitution]:
    """What replaces the functions, and what the selectors' classes have kept of them."""
    yield Substitution(select, "select", sim_select)
    yield Substitution(select, "poll", SimPoll)
    yield Substitution(select, "epoll", SimEpoll)
    yield Substitution(
        selectors.SelectSelector, "_select", staticmethod(sim_select), everywhere=False
    )
    yield Substitution(selectors.PollSelector, "_selector_cls", SimPoll, everywhere=False)
    yield Substitution(selectors.EpollSelector, "_selector_cls", SimEpoll, everywhere=False)
