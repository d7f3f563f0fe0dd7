"""The state table: every row taken by the code, and nothing but the table's rows."""

import pytest

from firstbyte.protocols.tcp.diagram import draw, states_drawn
from firstbyte.protocols.tcp.segment import ACK, FIN, RST, SYN
from firstbyte.protocols.tcp.states import TRANSITIONS, Cause, State, after
from testbed.tcp_peer import MSS_ONLY, PLAIN, Peer, in_state, shape

S, C = State, Cause


def take(peer: Peer, cause: Cause) -> None:
    """Make ``cause`` happen, by segments and calls."""
    state = peer.state
    ack = 1 if state in {S.ESTABLISHED, S.SYN_RECEIVED, S.FIN_WAIT_1, S.CLOSE_WAIT} else 2
    seq = 2 if state in {S.CLOSING, S.LAST_ACK, S.CLOSE_WAIT} else 1
    if cause is C.PASSIVE_OPEN:
        peer.c.listen(0)
    elif cause is C.ACTIVE_OPEN:
        peer.c.connect(0)
    elif cause is C.CLOSE:
        peer.shutdown()
    elif cause is C.SYN:
        peer.send(SYN, 0, options=MSS_ONLY)
    elif cause is C.SYN_ACK:
        peer.send(SYN | ACK, 0, 1, options=MSS_ONLY)
    elif cause is C.ACK_OF_SYN:
        peer.send(ACK, 1, 1)
    elif cause is C.FIN:
        peer.send(FIN | ACK, 1, ack)
    elif cause is C.ACK_OF_FIN:
        peer.send(ACK, seq, 2)
    else:
        peer.wait(60_000)


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda t: f"{t.old.value}-{t.cause.value}")
def test_every_row_of_the_table_is_what_happens(row) -> None:
    peer = in_state(row.old)
    take(peer, row.cause)
    assert peer.state is row.new


@pytest.mark.parametrize("state", [s for s in S if s not in {S.CLOSED, S.LISTEN}])
def test_rst_ends_every_state(state: State) -> None:
    peer = in_state(state)
    seq = peer.c.receiver.nxt - peer.c.receiver.irs
    flags, ack = (RST | ACK, 1) if state is S.SYN_SENT else (RST, 0)
    assert peer.send(flags, seq, ack) == []
    assert peer.state is S.CLOSED
    assert peer.deadline_ns is None
    expected = {S.SYN_SENT: "ECONNREFUSED", S.SYN_RECEIVED: "ECONNREFUSED", S.CLOSE_WAIT: "EPIPE"}
    assert peer.c.error == expected.get(state, "ECONNRESET")


def test_the_table_knows_only_its_rows() -> None:
    assert len({(t.old, t.cause) for t in TRANSITIONS}) == len(TRANSITIONS)
    assert {t.old for t in TRANSITIONS} == set(State)
    with pytest.raises(KeyError):
        after(S.ESTABLISHED, C.PASSIVE_OPEN)
    assert all(after(state, C.RST) is S.CLOSED for state in S)


def test_the_diagram_shows_every_state_and_every_row() -> None:
    text = draw()
    lines = text.splitlines()
    assert states_drawn() == set(State)
    for row in TRANSITIONS:
        assert any(f"→ {row.new.value} " in line and row.why in line for line in lines)
    assert max(map(len, text.splitlines())) <= 80


def test_simultaneous_open() -> None:
    peer = in_state(S.SYN_SENT)
    assert shape(peer.send(SYN, 0, options=MSS_ONLY)) == ["SYN ACK 0:0 ack 1"]
    assert peer.state is S.SYN_RECEIVED
    assert shape(peer.send(SYN | ACK, 0, 1, options=MSS_ONLY)) == ["ACK 1:1 ack 1"]
    assert peer.state is S.ESTABLISHED


def test_simultaneous_close_passes_closing() -> None:
    peer = in_state(S.ESTABLISHED)
    assert shape(peer.close()) == ["FIN ACK 1:1 ack 1"]
    assert shape(peer.send(FIN | ACK, 1, 1)) == ["ACK 2:2 ack 2"]
    assert peer.state is S.CLOSING
    peer.send(ACK, 2, 2)
    assert peer.state is S.TIME_WAIT


def test_closing_second_ends_without_time_wait() -> None:
    peer = in_state(S.ESTABLISHED)
    assert shape(peer.send(FIN | ACK, 1, 1)) == ["ACK 1:1 ack 2"]
    assert peer.c.at_eof
    assert shape(peer.write(b"bye")) == ["PSH ACK 1:4 ack 2"]
    assert shape(peer.close()) == ["FIN ACK 4:4 ack 2"]
    peer.send(ACK, 2, 5)
    assert peer.state is S.CLOSED
    assert peer.c.error is None


def test_a_segment_with_two_meanings_takes_two_rows() -> None:
    peer = in_state(S.FIN_WAIT_1)
    peer.send(FIN | ACK, 1, 2)
    assert peer.moves[-2:] == ["FIN-WAIT-2", "TIME-WAIT"]
    peer = in_state(S.SYN_RECEIVED)
    peer.send(FIN | ACK, 1, 1)
    assert peer.moves[-2:] == ["ESTABLISHED", "CLOSE-WAIT"]


def test_half_close_still_receives() -> None:
    peer = in_state(S.FIN_WAIT_2)
    peer.send(ACK, 1, 2, b"late data")
    assert peer.c.read() == b"late data"
    peer.send(FIN | ACK, 10, 2)
    assert peer.state is S.TIME_WAIT
    assert peer.c.at_eof


def test_time_wait_lasts_60_seconds_after_the_last_fin() -> None:
    peer = in_state(S.TIME_WAIT)
    peer.wait(30_000)
    assert shape(peer.send(FIN | ACK, 1, 2)) == ["ACK 2:2 ack 2"]
    peer.wait(59_999)
    assert peer.state is S.TIME_WAIT
    peer.wait(1)
    assert peer.state is S.CLOSED


def test_close_with_unread_data_is_a_reset() -> None:
    peer = in_state(S.ESTABLISHED)
    peer.send(ACK, 1, 1, b"unread")
    assert shape(peer.close()) == ["RST ACK 1:1 ack 7"]
    assert peer.state is S.CLOSED


def test_linger_zero_is_a_reset() -> None:
    from msgspec.structs import replace

    peer = in_state(S.ESTABLISHED, replace(PLAIN, linger_zero=True))
    peer.write(b"lost")
    assert shape(peer.close()) == ["RST ACK 5:5 ack 1"]
    assert peer.deadline_ns is None


def test_data_for_a_closed_user_is_a_reset() -> None:
    peer = in_state(S.ESTABLISHED)
    peer.close()
    assert shape(peer.send(ACK, 1, 2, b"nobody reads this")) == ["RST ACK 2:2 ack 1"]
    assert peer.state is S.CLOSED


def test_fin_wait_2_of_a_closed_user_ends_after_60_seconds() -> None:
    peer = in_state(S.ESTABLISHED)
    peer.close()
    peer.send(ACK, 1, 2)
    assert peer.state is S.FIN_WAIT_2
    peer.wait(59_999)
    assert peer.state is S.FIN_WAIT_2
    peer.wait(1)
    assert peer.state is S.CLOSED


def test_half_closed_by_the_user_waits_for_ever() -> None:
    peer = in_state(S.FIN_WAIT_2)
    assert peer.deadline_ns is None
