"""Phase times against the truth: a loopback site with known delays, traced 20 times.

    python bench/accuracy.py

Each phase's median error is printed; the bound is 2 ms. Loopback itself takes some 0.05 ms, the
two processes share the machine's cores, and a timer of the site fires up to 1 ms late.
"""

import asyncio
import json
import statistics
import sys
from pathlib import Path

from firstbyte.lab.loopback.site import Site, running_site
from firstbyte.lab.loopback.truth import Truth

RUNS = 20
BOUND_MS = 2.0
TRUTH = Truth(dns_s=0.030, accept_s=0.020, think_s=0.050, pause_s=0.010, parts=4)
EXPECTED_MS = {
    "dns": TRUTH.dns_s * 1e3,
    "tls": TRUTH.accept_s * 1e3,
    "wait": TRUTH.think_s * 1e3,
    "receive": TRUTH.pause_s * (TRUTH.parts - 1) * 1e3,
}


async def trace(site: Site) -> dict[str, float]:
    """Phase durations of one trace in a process of its own."""
    program = str(Path(sys.executable).parent / "firstbyte")
    dns = f"127.0.0.1:{site.dns_port}"
    process = await asyncio.create_subprocess_exec(
        *(program, "--json", "--tap", "off", "--cacert", str(site.ca_file)),
        *("--dns-servers", dns, site.url),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    phases = json.loads(output)["hops"][0]["phases"]
    return {name: phases[name]["duration_ms"] for name in EXPECTED_MS}


async def main() -> int:
    async with running_site(TRUTH) as site:
        runs = [await trace(site) for _ in range(RUNS)]
    missed = 0
    for name, expected_ms in EXPECTED_MS.items():
        measured_ms = statistics.median(run[name] for run in runs)
        error_ms = measured_ms - expected_ms
        missed += abs(error_ms) > BOUND_MS
        verdict = "held" if abs(error_ms) <= BOUND_MS else "MISSED"
        truth = f"truth {expected_ms:5.1f}: {error_ms:+.2f}"
        print(f"{name:>8}: {measured_ms:7.2f} ms, {truth} {verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
