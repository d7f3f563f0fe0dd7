"""The ladder: a sequence diagram of the client and its peers, drawn from the journey's events.

``told`` turns events into steps, ``fold`` shortens long transfers, ``draw`` puts lines on a page.
"""

from rich.text import Text

from firstbyte.journey.model import Journey
from firstbyte.rendering.ladder.draw import draw
from firstbyte.rendering.ladder.fold import fold
from firstbyte.rendering.ladder.told import told
from firstbyte.rendering.look import Look


def ladder(journey: Journey, look: Look) -> list[Text]:
    """The diagram with long transfers folded."""
    return draw(fold(told(journey)), look)


def full_ladder(journey: Journey, look: Look) -> list[Text]:
    """The diagram with every segment, packet and read."""
    return draw(told(journey), look)
