import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.events.tcp import TcpInfo
from firstbyte.net.tcp_info import STATES, pack_tcp_info, read_tcp_info, unpack_tcp_info


@pytest.mark.parametrize("data", [b"", b"\1", b"\1" * 7, b"\xff" * 1024])
def test_any_length_is_read(data: bytes) -> None:
    assert unpack_tcp_info(data).state in STATES


def test_short_struct_leaves_its_tail_unmeasured() -> None:
    info = unpack_tcp_info(bytes([1]) + bytes(7) + (300_000).to_bytes(4, "little"))
    assert info.state == "ESTABLISHED"
    assert info.rto_us == 300_000
    assert info.ato_us is None
    assert info.bytes_received is None


def test_values_that_mean_unmeasured_are_null() -> None:
    full = pack_tcp_info(TcpInfo(state="ESTABLISHED"))
    info = unpack_tcp_info(full)
    assert info.rtt_us is None
    assert info.min_rtt_us is None
    assert info.snd_ssthresh_segments is None
    assert info.snd_wscale is None


def test_a_live_connection_over_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
    ):
        server.sendall(b"x" * 1000)
        assert len(client.recv(2000)) == 1000
        info = read_tcp_info(client)
        assert info is not None
        assert info.state == "ESTABLISHED"
        assert info.bytes_received == 1000
        assert info.sack
        assert info.timestamps
        assert info.rtt_us is not None
        assert info.rtt_us < 1_000_000
        assert info.snd_mss_bytes is not None
        assert info.snd_mss_bytes > 500
        assert info.segs_out is not None
        assert info.segs_out >= 2


def test_a_closed_socket_gives_nothing() -> None:
    sock = socket.socket()
    sock.close()
    assert read_tcp_info(sock) is None


@given(
    st.builds(
        TcpInfo,
        state=st.sampled_from(sorted(set(STATES) - {"UNKNOWN"})),
        rtt_us=st.none() | st.integers(1, 2**32 - 1),
        min_rtt_us=st.none() | st.integers(1, 2**32 - 2),
        bytes_sent=st.integers(0, 2**64 - 1),
        snd_wscale=st.integers(0, 14),
        rcv_wscale=st.integers(0, 14),
        window_scaling=st.just(True),
        sack=st.booleans(),
        timestamps=st.booleans(),
    )
)
def test_packing_and_unpacking_agree(info: TcpInfo) -> None:
    again = unpack_tcp_info(pack_tcp_info(info))
    for name in ("state", "rtt_us", "min_rtt_us", "bytes_sent", "snd_wscale", "rcv_wscale", "sack"):
        assert getattr(again, name) == getattr(info, name), name


def test_our_layout_is_that_of_ss(tmp_path: object) -> None:
    """Every offset after a wrong one would be nonsense: the last field must be plausible too."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0],
    ):
        info = read_tcp_info(client)
        assert info is not None
        assert info.rcv_wnd_bytes is None or 1_000 < info.rcv_wnd_bytes < 1 << 30
        assert info.snd_wnd_bytes is None or 1_000 < info.snd_wnd_bytes < 1 << 30
        assert info.pmtu_bytes is not None
        assert 500 < info.pmtu_bytes <= 65536
