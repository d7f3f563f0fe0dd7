"""The command in a process of its own, as in tests/cli."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def firstbyte(tmp_path: Path) -> Run:
    """Call ``python -m firstbyte ARGUMENTS``; keyword arguments set environment variables."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "firstbyte", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1", **environment},
            check=False,
        )

    return run
