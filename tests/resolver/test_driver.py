"""The driver's own clock: what it reads once for many things is not kept for later ones."""

import asyncio

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import from_text
from firstbyte.resolver.driver import Driver, DriverSettings
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Moment, Question, Response


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def moment(self) -> Moment:
        """Both clocks show the same."""
        return Moment(self.at_s, self.at_s)


def test_the_time_of_a_delivery_is_not_the_time_of_the_next_batch() -> None:
    """Who asks for the time while an answer is given out does not stop the clock for later."""

    async def main() -> tuple[list[Moment], Moment]:
        clock = HandClock()
        driver = Driver(Settings(), DriverSettings(), clock)
        seen = []

        def deliver(_: Response) -> None:
            seen.append(driver.now())

        driver.submit(Question(from_text("localhost."), dns.A), deliver)
        clock.at_s = 5000.0
        driver.hold()
        later = driver.now()
        driver.release()
        driver.close()
        return seen, later

    seen, later = asyncio.run(main())
    assert seen == [Moment(1000.0, 1000.0)]
    assert later == Moment(5000.0, 5000.0)
