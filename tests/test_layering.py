"""The direction of the imports, as DESIGN says it: one way, and protocols without I/O."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import firstbyte

ROOT = Path(firstbyte.__file__).parent
IMPURE = {"asyncio", "os", "random", "secrets", "select", "selectors", "socket", "ssl", "time"}

# room → rooms of ours that it may import (besides itself)
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "events": set(),
    "protocols": {"errors", "events"},
    "journey": {"events", "errors", "protocols"},
    "diagnosis": {"journey", "events", "errors", "protocols"},
    "rendering": {"journey", "diagnosis", "events", "errors", "protocols"},
    "net": {"events", "errors", "protocols"},
    "sim": {"net", "events", "errors", "protocols"},
    "resolver": {"net", "journey", "events", "errors", "protocols"},
    "server": {"net", "events", "errors", "protocols", "resolver"},
    "client": {"resolver", "net", "journey", "diagnosis", "events", "errors", "protocols"},
    "lab": {
        "sim",
        "server",
        "client",
        "resolver",
        "net",
        "journey",
        "diagnosis",
        "events",
        "errors",
        "protocols",
        "rendering",
    },
    "pytest_plugin": {"sim", "lab"},
}
TOP = {"cli", "__main__", "__init__"}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""
            if node.module == "firstbyte":
                yield from ((node.lineno, f"firstbyte.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_flow_one_way(path: Path) -> None:
    room = room_of(path)
    if room in TOP:
        return
    assert room in ALLOWED, f"{room}: a new room needs its row in ALLOWED"
    for line, name in imports(path):
        if name.startswith("firstbyte."):
            target = name.split(".")[1]
            if target == "__version__":
                continue
            assert target == room or target in ALLOWED[room], (
                f"{path}:{line}: {room} imports {name}"
            )


@pytest.mark.parametrize(
    "path", sorted((ROOT / "protocols").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_protocols_touch_no_clock_no_socket_no_entropy(path: Path) -> None:
    for line, name in imports(path):
        assert name.split(".")[0] not in IMPURE, f"{path}:{line}: imports {name}"
