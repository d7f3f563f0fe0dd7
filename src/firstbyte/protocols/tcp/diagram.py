"""Draws the state table as text: ``firstbyte explain tcp-states``."""

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
    """The diagram, then every transition with its reason and its section of RFC 9293."""
    width = max(len(f"{t.old.value} → {t.new.value}") for t in TRANSITIONS)
    return DRAWING + "\n" + "\n".join(_rows(width)) + "\n"


def _rows(width: int) -> list[str]:
    rows = []
    for step in TRANSITIONS:
        path = f"{step.old.value} → {step.new.value}"
        action = step.cause.value + (f" / {step.sends}" if step.sends else "")
        rows.append(f"{path:<{width}}  {action:<24}  {step.why} (RFC 9293, {step.section})")
    rows.append(f"{'any → CLOSED':<{width}}  RST, abort, timeout       nothing of it remains")
    return rows


def states_drawn() -> frozenset[State]:
    """The states that the drawing shows."""
    return frozenset(state for state in State if f" {state.value} " in DRAWING)
