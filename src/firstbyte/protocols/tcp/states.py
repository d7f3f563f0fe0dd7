"""The 11 states of RFC 9293, section 3.3.2, and every way from one to another, as data.

:data:`TRANSITIONS` drives the code (:func:`after`), the drawing (:mod:`.diagram`) and the
explanation of each step. A segment that means two steps takes two rows: the FIN that also
acknowledges ours leads from FIN-WAIT-1 through FIN-WAIT-2 to TIME-WAIT at once.
"""

from enum import Enum

from firstbyte.protocols.state_table import Transition, moves


class State(Enum):
    """A state; its value is the RFC's spelling."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"

    # Every segment asks whether its state is in some set, and enum's own hash is a function in
    # Python. Members are one of a kind, so their identity does.
    __hash__ = object.__hash__


class Cause(Enum):
    """What moves a connection; its value is how the diagram and events write it."""

    PASSIVE_OPEN = "passive open"
    ACTIVE_OPEN = "active open"
    SYN = "SYN"
    SYN_ACK = "SYN ACK"
    ACK_OF_SYN = "ACK of SYN"
    CLOSE = "close"
    FIN = "FIN"
    ACK_OF_FIN = "ACK of FIN"
    RST = "RST"
    ABORT = "abort"
    TIMEOUT = "timeout"
    TWO_MSL = "2MSL passed"
    ERROR = "error"


_S, _C = State, Cause

TRANSITIONS: tuple[Transition[State, Cause], ...] = (
    Transition(_S.CLOSED, _C.PASSIVE_OPEN, _S.LISTEN, "", "a server waits for clients", "3.10.1"),
    Transition(_S.CLOSED, _C.ACTIVE_OPEN, _S.SYN_SENT, "SYN", "a client connects", "3.10.1"),
    Transition(_S.LISTEN, _C.SYN, _S.SYN_RECEIVED, "SYN ACK", "a client came", "3.10.7.2"),
    Transition(_S.LISTEN, _C.CLOSE, _S.CLOSED, "", "the server stops listening", "3.10.4"),
    Transition(_S.SYN_SENT, _C.SYN_ACK, _S.ESTABLISHED, "ACK", "the server answered", "3.10.7.3"),
    Transition(_S.SYN_SENT, _C.SYN, _S.SYN_RECEIVED, "SYN ACK", "both connect at once", "3.10.7.3"),
    Transition(_S.SYN_SENT, _C.CLOSE, _S.CLOSED, "", "given up before an answer", "3.10.4"),
    Transition(
        _S.SYN_RECEIVED, _C.ACK_OF_SYN, _S.ESTABLISHED, "", "the handshake is done", "3.10.7.4"
    ),
    Transition(_S.SYN_RECEIVED, _C.CLOSE, _S.FIN_WAIT_1, "FIN", "closed at once", "3.10.4"),
    Transition(_S.ESTABLISHED, _C.CLOSE, _S.FIN_WAIT_1, "FIN", "we close first", "3.6"),
    Transition(_S.ESTABLISHED, _C.FIN, _S.CLOSE_WAIT, "ACK", "the peer closes first", "3.6"),
    Transition(_S.FIN_WAIT_1, _C.ACK_OF_FIN, _S.FIN_WAIT_2, "", "our half is closed", "3.6"),
    Transition(_S.FIN_WAIT_1, _C.FIN, _S.CLOSING, "ACK", "both closed at once", "3.6"),
    Transition(_S.FIN_WAIT_2, _C.FIN, _S.TIME_WAIT, "ACK", "the peer's half is closed", "3.6"),
    Transition(_S.CLOSE_WAIT, _C.CLOSE, _S.LAST_ACK, "FIN", "we close second", "3.6"),
    Transition(_S.CLOSING, _C.ACK_OF_FIN, _S.TIME_WAIT, "", "both halves are closed", "3.6"),
    Transition(_S.LAST_ACK, _C.ACK_OF_FIN, _S.CLOSED, "", "both halves are closed", "3.6"),
    Transition(
        _S.TIME_WAIT, _C.TWO_MSL, _S.CLOSED, "", "no old segment can come any more", "3.4.2"
    ),
)

_MOVES = moves(TRANSITIONS)

DEADLY = frozenset({Cause.RST, Cause.ABORT, Cause.TIMEOUT, Cause.ERROR})
"""Causes that lead to CLOSED from every state."""

SYNCHRONIZED = frozenset(
    {
        State.ESTABLISHED,
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSE_WAIT,
        State.CLOSING,
        State.LAST_ACK,
        State.TIME_WAIT,
    }
)
MAY_SEND = frozenset({State.ESTABLISHED, State.CLOSE_WAIT})
"""The user may still write."""
MAY_RECEIVE = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2})
"""The peer may still send data."""


def after(state: State, cause: Cause) -> State:
    """The state that ``cause`` leads to. Raises ``KeyError`` when the table has no such row."""
    return State.CLOSED if cause in DEADLY else _MOVES[state, cause]
