"""``python -m firstbyte.lab.loopback [OPTIONS]``: start the site and trace it.

OPTIONS go to ``firstbyte trace``; ``--redirect`` (first) asks the plain site, which redirects.
"""

import asyncio
import sys

from firstbyte.lab.loopback.site import running_site
from firstbyte.lab.loopback.tracing import trace_site


def main() -> None:
    """Trace the site once; the exit code is firstbyte's."""
    sys.exit(asyncio.run(_trace(sys.argv[1:])))


async def _trace(options: list[str]) -> int:
    async with running_site() as site:
        return await trace_site(site, options)


if __name__ == "__main__":
    main()
