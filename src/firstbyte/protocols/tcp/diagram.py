"""Draws the state table as text: ``firstbyte explain tcp-states``."""

from firstbyte.protocols.state_table import listed
from firstbyte.protocols.tcp.states import TRANSITIONS, State

DRAWING = """\
                              +--------+
                    +---------| CLOSED |---------+
       passive open |         +--------+         | active open / SYN
                    v                            v
               +--------+                   +----------+
               | LISTEN |                   | SYN-SENT |
               +--------+                   +----------+
                    | SYN / SYN ACK     SYN |        |
                    v                       |        | SYN ACK / ACK
            +--------------+                |        |
            | SYN-RECEIVED |<---------------+        |
            +--------------+                         |
                    | ACK of SYN                     |
                    v                                v
              +-----------------------------------------+
              |               ESTABLISHED               |
              +-----------------------------------------+
           close / FIN |                    | FIN / ACK
                       v                    v
               +------------+         +------------+
           +---| FIN-WAIT-1 |---+     | CLOSE-WAIT |
           |   +------------+   |     +------------+
ACK of FIN |         FIN / ACK  |           | close / FIN
           v                    v           v
   +------------+         +---------+  +----------+
   | FIN-WAIT-2 |         | CLOSING |  | LAST-ACK |
   +------------+         +---------+  +----------+
 FIN / ACK |     ACK of FIN |                | ACK of FIN
           v                v                v
         +--------------------+  2MSL   +--------+
         |     TIME-WAIT      |-------->| CLOSED |
         +--------------------+         +--------+
"""


def draw() -> str:
    """The diagram, then every transition: event / what is sent, why, section of RFC 9293."""
    always = ["any state", f"  → {'CLOSED':<12}  RST, abort, timeout  nothing of it remains"]
    return DRAWING + "\n" + "\n".join([*listed(TRANSITIONS), *always]) + "\n"


def states_drawn() -> frozenset[State]:
    """The states that the drawing shows."""
    return frozenset(state for state in State if f" {state.value} " in DRAWING)
