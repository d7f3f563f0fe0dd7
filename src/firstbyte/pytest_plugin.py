"""pytest: the fixture ``internet`` and the marker ``seeds``.

::

    @pytest.mark.seeds(100)
    def test_checkout_survives_a_bad_link(internet):
        client, server = internet.host("client"), internet.host("shop.example")
        internet.link(client, server, rtt_s=0.080, loss=0.02)
        ...

A test with ``seeds(n)`` runs n times, in worlds with the seeds 0 to n - 1; ``seeds([3, 14])`` names
them. ``--internet-seed=14`` runs every test with that seed alone. A test that fails says with which
seed, and saves what every host saw as pcapng.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from firstbyte.sim.internet import Internet

SEED = "_firstbyte_seed"
DEFAULT_DIRECTORY = ".internet-captures"
WORLD = pytest.StashKey["Internet"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("internet", "the private internet (firstbyte)")
    group.addoption(
        "--internet-seed", type=int, metavar="N", help="run worlds with this seed alone"
    )
    group.addoption(
        "--internet-captures",
        metavar="DIR",
        default=DEFAULT_DIRECTORY,
        help="where captures of failed tests are saved (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "seeds(count_or_list): run the test in worlds with these seeds (fixture `internet`)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat tests that use ``internet`` once for each seed."""
    if SEED not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--internet-seed")
    marker = metafunc.definition.get_closest_marker("seeds")
    if chosen is not None:
        metafunc.parametrize(SEED, [chosen], ids=lambda seed: f"seed{seed}")
    elif marker is not None:
        metafunc.parametrize(SEED, _seeds(marker), ids=lambda seed: f"seed{seed}")


def _seeds(marker: pytest.Mark) -> list[int]:
    wanted = marker.args[0] if len(marker.args) == 1 else list(marker.args)
    seeds = list(range(wanted)) if isinstance(wanted, int) else list(wanted)
    if not seeds or not all(isinstance(seed, int) for seed in seeds):
        raise pytest.UsageError(
            f"@pytest.mark.seeds takes a count or a list of numbers, not {marker.args!r}: "
            "seeds(20), seeds([3, 14])"
        )
    return seeds


@pytest.fixture(name=SEED)
def _seed() -> int:
    """The seed of tests without the marker."""
    return 0


@pytest.fixture
def internet(request: pytest.FixtureRequest, _firstbyte_seed: int) -> "Iterator[Internet]":
    """A new, empty private internet."""
    from firstbyte.sim.internet import Internet

    world = Internet(seed=_firstbyte_seed)
    request.node.stash[WORLD] = world
    yield world
    world.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Say how to repeat a failure, and save what was seen."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    world = item.stash.get(WORLD, None)
    if report.failed and world is not None:
        report.sections.append(("private internet", _explain(item, world)))
    return report  # type: ignore[return-value]


def _explain(item: pytest.Item, world: "Internet") -> str:
    lines = [
        f"seed {world.seed}, failed at {world.time_s:.6f} virtual seconds",
        f"repeat: pytest {_again(item, world)}",
    ]
    return "\n".join([*lines, *_save(item, world)])


def _again(item: pytest.Item, world: "Internet") -> str:
    """Arguments that run this very test, in this world: the seed alone decides about the rest."""
    given = getattr(getattr(item, "callspec", None), "params", {})
    seed = f" --internet-seed={world.seed}" if SEED in given else ""
    return f'"{item.nodeid}"{seed}'


def _save(item: pytest.Item, world: "Internet") -> Iterator[str]:
    directory = Path(str(item.config.getoption("--internet-captures")))
    name = re.sub(r"[^\w.-]+", "_", item.nodeid)
    for host in world.hosts.values():
        capture = world.capture(host)
        if len(capture):
            directory.mkdir(parents=True, exist_ok=True)
            path = directory / f"{name}-{host.name}.pcapng"
            capture.write(path)
            yield f"capture of {host.name}: {path}"
