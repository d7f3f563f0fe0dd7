"""Every benchmark, briefly, one after the other: ``make bench``.

Each table's meaning and caveats stand at the top of its script. A benchmark whose peers are not
installed is named and left out; one that fails makes this fail, after the others have run.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BRIEF: dict[str, tuple[str, ...]] = {
    "accuracy.py": (),
    "trace.py": (),
    "dns_resolver.py": ("--seconds", "1"),
    "tcp_bulk.py": ("20",),
    "sim_bulk.py": ("16", "2"),
    "sim_connections.py": ("2000",),
    "sim_idle_year.py": (),
}
PEERS = {
    "trace.py": ("curl", "nginx"),
    "dns_resolver.py": ("named", "unbound", "dnssec-signzone"),
}
NOT_RUN = {Path(__file__).name, "local_site.py", "udp_echo.py"}


def run(script: str) -> bool:
    """Run one benchmark; true when it ended well or could not begin."""
    print(f"\n== bench/{script} {' '.join(BRIEF.get(script, ()))}".rstrip(), flush=True)
    missing = [peer for peer in PEERS.get(script, ()) if not shutil.which(peer)]
    if missing:
        print(f"left out: {', '.join(missing)} not installed")
        return True
    command = [sys.executable, str(HERE / script), *BRIEF.get(script, ())]
    return subprocess.run(command, check=False).returncode == 0


def main() -> None:
    os.environ["PATH"] += ":/usr/sbin:/usr/local/sbin"  # where Debian keeps servers
    scripts = sorted(path.name for path in HERE.glob("*.py") if path.name not in NOT_RUN)
    failed = [script for script in scripts if not run(script)]
    if failed:
        raise SystemExit(
            f"failed or missed a bound (is the machine busy? run it alone): {', '.join(failed)}"
        )


if __name__ == "__main__":
    main()
