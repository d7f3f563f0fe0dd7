"""Arbitrary events, for properties that must hold whatever happened."""

from hypothesis import strategies as st

from firstbyte.events import Event, What
from testbed.events import Story, healthy


def _stories() -> list[Story]:
    redirected = Story().lookup().connect().handshake().exchange(status=302)
    redirected.redirect("https://site.test/next", reused=True).exchange().closed()
    failed = Story().lookup().connect_fails().fails("tcp.refused", "tcp")
    silent = Story().lookup_fails("dns.silent")
    over_quic = Story().lookup().connect_quic().exchange(version="3")
    broken = Story().lookup().connect().handshake_fails("tls.dropped")
    return [healthy(), redirected, failed, silent, over_quic, broken]


def _bodies() -> list[What]:
    return [event.what for story in _stories() for event in story.events]


def events() -> st.SearchStrategy[list[Event]]:
    """Any bodies at any times, on any hops and connections, in any order."""
    one = st.builds(
        Event,
        at_ns=st.integers(0, 10**9),
        source=st.sampled_from(["kernel", "capture", "simulated", "inferred"]),
        what=st.sampled_from(_bodies()),
        hop=st.integers(0, 2),
        connection=st.none() | st.sampled_from(["tcp1", "tcp2", "quic1"]),
        direction=st.none() | st.sampled_from(["sent", "received"]),
    )
    return st.lists(one, max_size=40)


def mutilated() -> st.SearchStrategy[list[Event]]:
    """Realistic traces of which parts are missing."""
    return st.sampled_from(_stories()).flatmap(
        lambda story: st.lists(st.booleans(), min_size=len(story.events)).map(
            lambda kept: [e for e, keep in zip(story.events, kept, strict=False) if keep]
        )
    )
