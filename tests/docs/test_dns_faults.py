"""docs/reference/dns-faults.md names every fault as it describes itself."""

from pathlib import Path

from firstbyte.server.dns.faults.registry import all_faults

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "dns-faults.md"


def test_every_fault_has_its_row():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{fault.name}` | {fault.summary} | {fault.value} |" for fault in all_faults().values()
    ]
