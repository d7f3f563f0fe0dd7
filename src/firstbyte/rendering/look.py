"""What the terminal can show: width, character set. Colour is added later, in ``rendering.paint``.

Every renderer takes a ``Look``, so that its output is a pure function of the journey and the look.
"""

from typing import NamedTuple

MIN_WIDTH = 80
MAX_WIDTH = 200


class Glyphs(NamedTuple):
    """The drawing characters of one character set."""

    left_blocks: str
    """A cell filled from the left by 0, 1/8, … 8/8."""
    right_half: str
    right_eighth: str
    grid: str
    rule: str
    lifeline: str
    gap: str
    line: str
    dashes: str
    arrow_right: str
    arrow_left: str
    cross: str
    dot: str
    ellipsis: str
    bad: str
    warn: str
    note: str
    good: str
    up: str


UNICODE = Glyphs(
    left_blocks=" ▏▎▍▌▋▊▉█",
    right_half="▐",
    right_eighth="▕",
    grid="┊",
    rule="─",
    lifeline="│",
    gap="┊",
    line="─",
    dashes="╌",
    arrow_right="▶",
    arrow_left="◀",
    cross="┼",
    dot="·",
    ellipsis="…",
    bad="✖",
    warn="▲",
    note="●",
    good="✔",
    up="▲",
)
ASCII = Glyphs(
    left_blocks=" |=======",
    right_half="=",
    right_eighth="|",
    grid=".",
    rule="-",
    lifeline="|",
    gap=":",
    line="-",
    dashes=".",
    arrow_right=">",
    arrow_left="<",
    cross="+",
    dot="-",
    ellipsis="...",
    bad="x",
    warn="!",
    note="*",
    good="ok",
    up="^",
)

_PLAIN = str.maketrans(
    {
        "→": "->",
        "←": "<-",
        "↔": "<->",
        "·": "-",
        "…": "...",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
        "–": "-",
        "—": "-",
        "‑": "-",
        "“": '"',
        "”": '"',
        "’": "'",
        "µ": "u",
        "±": "+-",
        "\u00a0": " ",
    }
)


class Look(NamedTuple):
    """How wide the page is, in cells, and whether it may hold more than ASCII."""

    width: int = MIN_WIDTH
    unicode: bool = True

    @property
    def glyphs(self) -> Glyphs:
        """The drawing characters that may be used."""
        return UNICODE if self.unicode else ASCII

    def words(self, text: str) -> str:
        """Our own ``text`` in the character set of the page; what has no ASCII becomes ``?``."""
        if self.unicode:
            return text
        return text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")
