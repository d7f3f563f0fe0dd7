"""Starting is cheap: help and version load no protocol library, ``-q`` no rich."""

import subprocess
import sys

import pytest

PROTOCOL_LIBRARIES = {
    "OpenSSL",
    "aioquic",
    "asyncio",
    "brotli",
    "cryptography",
    "dns",
    "h11",
    "h2",
    "hpack",
    "msgspec",
    "rich",
    "ssl",
    "zstandard",
}


def loaded_after(*arguments: str) -> set[str]:
    program = (
        "import sys\n"
        "from firstbyte.cli.shell.entry import run\n"
        f"code = run({list(arguments)!r})\n"
        "print('\\nLOADED', code, *sorted(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    code, *modules = done.stdout.rpartition("LOADED")[2].split()
    assert code == "0", done.stderr
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("arguments", [["--version"], ["-V"], ["--help"], ["trace", "--help"]])
def test_help_and_version_load_no_protocol_library(arguments: list[str]) -> None:
    assert not loaded_after(*arguments) & PROTOCOL_LIBRARIES


def test_the_headline_alone_needs_no_rich(saved) -> None:
    assert "rich" not in loaded_after("show", "-q", str(saved))
