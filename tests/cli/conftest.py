"""Runs the real command in a process of its own."""

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

    def run(
        *arguments: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {
            k: v
            for k, v in os.environ.items()
            if k not in {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM"}
        }
        return subprocess.run(
            [sys.executable, "-m", "firstbyte", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=30,
            cwd=tmp_path,
            env={**kept, "PYTHONUTF8": "1", **environment},
            check=False,
        )

    return run


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A file with a saved journey."""
    from testbed.journeys import healthy

    path = tmp_path / "journey.json"
    path.write_bytes(healthy().to_json())
    return path


@pytest.fixture(scope="session")
def site():
    """A site on loopback with its own DNS and CA."""
    from testbed.loopback_site import loopback_site

    with loopback_site() as running:
        yield running
