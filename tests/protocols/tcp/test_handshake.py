"""What two SYNs agree on."""

import pytest
from msgspec.structs import replace

from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.handshake import scale_for
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import SYN
from testbed.tcp_pair import Pair
from testbed.tcp_peer import Peer

FULL = TcpConfig()


@pytest.mark.parametrize(
    ("buffer", "scale"),
    [(65_535, 0), (65_536, 1), (6 * 1024 * 1024, 7), (2**30, 14), (2**40, 14)],
)
def test_the_scale_fits_the_buffer(buffer: int, scale: int) -> None:
    assert scale_for(buffer) == scale


def test_a_syn_offers_everything() -> None:
    peer = Peer(FULL)
    peer.c.connect(0)
    (syn,) = peer.poll()
    assert (syn.flags, syn.window) == (SYN, 64_240)
    assert syn.options == TcpOptions(
        mss=1460, window_scale=7, sack_permitted=True, timestamp=(0, 0)
    )


OFFERS = [
    TcpOptions(mss=1400),
    TcpOptions(mss=1400, window_scale=3),
    TcpOptions(mss=1400, sack_permitted=True),
    TcpOptions(mss=1400, timestamp=(5, 0)),
    TcpOptions(mss=1400, window_scale=14, sack_permitted=True, timestamp=(9, 0)),
]


@pytest.mark.parametrize("offer", OFFERS)
def test_a_syn_ack_takes_up_only_what_was_offered(offer: TcpOptions) -> None:
    peer = Peer(FULL, offer)
    peer.c.listen(0)
    (answer,) = peer.send(SYN, 0, options=offer)
    taken = answer.options
    assert taken.mss == 1460
    assert (taken.window_scale is None) == (offer.window_scale is None)
    assert taken.sack_permitted == offer.sack_permitted
    assert (taken.timestamp is None) == (offer.timestamp is None)
    assert peer.c.sender.mss == 1400 - (12 if offer.timestamp else 0)
    assert peer.c.sender.scale == (offer.window_scale or 0)


def test_a_scale_above_14_counts_as_14() -> None:
    """RFC 7323, section 2.3."""
    peer = Peer(FULL, TcpOptions(window_scale=200)).connect()
    assert peer.c.sender.scale == 14


@pytest.mark.parametrize("missing", ["window_scaling", "sack", "timestamps"])
@pytest.mark.parametrize("who", [0, 1])
def test_one_unwilling_side_is_enough(missing: str, who: int) -> None:
    configs = [FULL, FULL]
    configs[who] = replace(FULL, **{missing: False})
    pair = Pair((bytes(100_000), b"x"), configs=tuple(configs)).run()
    for end in pair.ends:
        info = end.info()
        used = {
            "window_scaling": info.window_scaling,
            "sack": info.sack,
            "timestamps": info.timestamps,
        }
        assert not used.pop(missing)
        assert all(used.values())
    assert len(pair.got[1]) == 100_000


def test_windows_without_scaling_stay_within_16_bits() -> None:
    config = replace(FULL, window_scaling=False, receive_buffer_bytes=1_000_000)
    pair = Pair((bytes(500_000), b""), configs=(config, config)).run()
    assert len(pair.got[1]) == 500_000
    assert max(s.window for _, end, s in pair.log if end == 1) == 65_535
