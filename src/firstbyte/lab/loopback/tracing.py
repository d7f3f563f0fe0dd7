"""Runs the firstbyte command on the site, in a process of its own."""

import asyncio
import shlex
import sys

from firstbyte.lab.loopback.site import Site


async def trace_site(site: Site, options: list[str]) -> int:
    """Say the command on stderr, run it, return its exit code.

    ``--redirect`` as the first option asks the plain site, which redirects.
    """
    arguments = _arguments(site, options)
    sys.stderr.write(f"$ firstbyte {shlex.join(arguments)}\n")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "firstbyte", *arguments)
    return await process.wait()


def _arguments(site: Site, options: list[str]) -> list[str]:
    trust = ["--cacert", str(site.ca_file), "--dns-servers", f"127.0.0.1:{site.dns_port}"]
    if options[:1] == ["--redirect"]:
        return [*options[1:], "-L", *trust, site.redirecting_url]
    return [*options, *trust, site.url]
