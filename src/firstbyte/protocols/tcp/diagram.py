"""Draws the state table as text: ``firstbyte explain tcp-states``."""

from itertools import groupby

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
    return DRAWING + "\n" + "\n".join(_rows()) + "\n"


def _rows() -> list[str]:
    rows = []
    for old, steps in groupby(TRANSITIONS, lambda step: step.old):
        rows.append(old.value)
        for step in steps:
            action = step.cause.value + (f" / {step.sends}" if step.sends else "")
            rows.append(f"  → {step.new.value:<12}  {action:<19}  {step.why} ({step.section})")
    return [*rows, "any state", f"  → {'CLOSED':<12}  RST, abort, timeout  nothing of it remains"]


def states_drawn() -> frozenset[State]:
    """The states that the drawing shows."""
    return frozenset(state for state in State if f" {state.value} " in DRAWING)
