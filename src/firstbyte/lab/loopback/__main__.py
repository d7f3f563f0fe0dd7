"""``python -m firstbyte.lab.loopback [OPTIONS]``: start the site and trace it.

OPTIONS go to ``firstbyte trace``; ``--redirect`` (first) asks the plain site, which redirects.
"""

import asyncio
import shlex
import sys

from firstbyte.lab.loopback.site import Site, running_site


def main() -> None:
    """Trace the site once; the exit code is firstbyte's."""
    sys.exit(asyncio.run(_trace(sys.argv[1:])))


async def _trace(options: list[str]) -> int:
    async with running_site() as site:
        arguments = _arguments(site, options)
        sys.stderr.write(f"$ firstbyte {shlex.join(arguments)}\n")
        command = [sys.executable, "-m", "firstbyte", *arguments]
        process = await asyncio.create_subprocess_exec(*command)
        return await process.wait()


def _arguments(site: Site, options: list[str]) -> list[str]:
    trust = ["--cacert", str(site.ca_file), "--dns-servers", f"127.0.0.1:{site.dns_port}"]
    if options[:1] == ["--redirect"]:
        return [*options[1:], "-L", *trust, site.redirecting_url]
    return [*options, *trust, site.url]


if __name__ == "__main__":
    main()
