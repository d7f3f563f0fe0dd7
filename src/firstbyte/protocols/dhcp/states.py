"""The client's eight states and the ways between them, as data (RFC 2131, section 4.4, figure 5).

:data:`TRANSITIONS` drives the code (:func:`after`) and the explanation of each step.
"""

from enum import Enum

from firstbyte.protocols.state_table import Transition, listed, moves


class State(Enum):
    """A state; its value is the RFC's spelling."""

    INIT = "INIT"
    SELECTING = "SELECTING"
    REQUESTING = "REQUESTING"
    BOUND = "BOUND"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"
    INIT_REBOOT = "INIT-REBOOT"
    REBOOTING = "REBOOTING"


class Cause(Enum):
    """What moves a client; its value is how events and explanations write it."""

    START = "start"
    OFFER = "DHCPOFFER"
    ACK = "DHCPACK"
    NAK = "DHCPNAK"
    IN_USE = "address in use"
    TIMEOUT = "no answer"
    T1 = "T1 passed"
    T2 = "T2 passed"
    EXPIRED = "lease expired"
    RELEASE = "release"
    STOP = "stop"


_S, _C = State, Cause
_HOLDING = (_S.BOUND, _S.RENEWING, _S.REBINDING)

TRANSITIONS: tuple[Transition[State, Cause], ...] = (
    Transition(_S.INIT, _C.START, _S.SELECTING, "DHCPDISCOVER", "is there any server?", "4.4.1"),
    Transition(
        _S.INIT_REBOOT, _C.START, _S.REBOOTING, "DHCPREQUEST", "is my address still mine?", "4.4.2"
    ),
    Transition(_S.SELECTING, _C.OFFER, _S.REQUESTING, "DHCPREQUEST", "an offer is taken", "4.4.1"),
    Transition(_S.REQUESTING, _C.ACK, _S.BOUND, "", "the server agreed", "4.4.1"),
    Transition(_S.REQUESTING, _C.NAK, _S.INIT, "", "the offer is withdrawn", "4.4.1"),
    Transition(
        _S.REQUESTING, _C.IN_USE, _S.INIT, "DHCPDECLINE", "it is already taken", "3.1, step 5"
    ),
    Transition(_S.REQUESTING, _C.TIMEOUT, _S.INIT, "", "it stays silent", "3.1, step 5"),
    Transition(_S.REBOOTING, _C.ACK, _S.BOUND, "", "the address is still good", "4.4.2"),
    Transition(_S.REBOOTING, _C.NAK, _S.INIT, "", "it is not: a new network", "4.4.2"),
    Transition(
        _S.REBOOTING, _C.IN_USE, _S.INIT, "DHCPDECLINE", "it is already taken", "3.2, step 4"
    ),
    Transition(_S.REBOOTING, _C.TIMEOUT, _S.INIT, "", "no server knows it", "3.2, step 4"),
    Transition(_S.BOUND, _C.T1, _S.RENEWING, "DHCPREQUEST", "its server may extend it", "4.4.5"),
    Transition(_S.RENEWING, _C.ACK, _S.BOUND, "", "the lease begins anew", "4.4.5"),
    Transition(_S.RENEWING, _C.NAK, _S.INIT, "", "the address is given up", "4.4.5"),
    Transition(
        _S.RENEWING, _C.T2, _S.REBINDING, "DHCPREQUEST", "any server may extend it", "4.4.5"
    ),
    Transition(_S.REBINDING, _C.ACK, _S.BOUND, "", "another server extends it", "4.4.5"),
    Transition(_S.REBINDING, _C.NAK, _S.INIT, "", "the address is given up", "4.4.5"),
    Transition(_S.REBINDING, _C.EXPIRED, _S.INIT, "", "nobody answered in time", "4.4.5"),
    *(
        Transition(old, _C.RELEASE, _S.INIT, "DHCPRELEASE", "no longer needed", "4.4.6")
        for old in _HOLDING
    ),
    *(
        Transition(old, _C.IN_USE, _S.INIT, "DHCPDECLINE", "another host claims it", "4.4.1")
        for old in _HOLDING
    ),
)

_MOVES = moves(TRANSITIONS)


def after(state: State, cause: Cause) -> State:
    """The state that ``cause`` leads to. Raises ``KeyError`` when the table has no such row."""
    return State.INIT if cause is Cause.STOP else _MOVES[state, cause]


DRAWING = """\
             +------+  start / DISCOVER  +-----------+
   +-------->| INIT |------------------->| SELECTING |
   |         +------+                    +-----------+
   |            ^                              | OFFER / REQUEST
   |            |  NAK, no answer,             v
   |            |  address in use        +------------+
   |            +------------------------| REQUESTING |
   |                                     +------------+
   | NAK, no answer,                           | ACK
   | address in use                            v
   |  +-----------+          ACK           +-------+  ACK   +----------+
   +--| REBOOTING |----------------------->| BOUND |<-------| RENEWING |
   |  +-----------+                        +-------+        +----------+
   |        ^ start / REQUEST               ^     | T1 / REQUEST ^   |
   | +-------------+                        |     +--------------+   |
   | | INIT-REBOOT |                    ACK |                        |
   | +-------------+               +-----------+    T2 / REQUEST     |
   +-------------------------------| REBINDING |<--------------------+
      NAK, lease expired           +-----------+
"""


def draw() -> str:
    """The diagram, then every transition: event / what is sent, why, section of RFC 2131."""
    return DRAWING + "\n" + "\n".join(listed(TRANSITIONS)) + "\n"
