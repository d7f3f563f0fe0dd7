"""The pytest plugin, by running pytest on small test files."""

import shlex

import pytest

pytest_plugins = ["pytester"]

CALL = """
import asyncio
import pytest

async def echo(reader, writer):
    writer.write(await reader.read(100))
    writer.close()

async def call():
    reader, writer = await asyncio.open_connection("server", 80)
    writer.write(b"hello")
    answer = await reader.read()
    writer.close()
    return answer

def world(internet):
    client, server = internet.host("client"), internet.host("server")
    internet.link(client, server)
    server.run(asyncio.start_server(echo, "0.0.0.0", 80))
    return internet.run(until=client.run(call()))
"""


@pytest.fixture
def run(pytester):
    def run(test, *options):
        pytester.makepyfile(CALL + test)
        return pytester.runpytest(
            "-p", "firstbyte.pytest_plugin", "-p", "no:cacheprovider", *options
        )

    return run


def test_the_fixture_gives_a_world(run):
    run(
        """
def test_it(internet):
    assert internet.seed == 0
    assert world(internet) == b"hello"
"""
    ).assert_outcomes(passed=1)


def test_the_marker_gives_many(run):
    result = run(
        """
SEEN = []

@pytest.mark.seeds(3)
def test_count(internet):
    SEEN.append(internet.seed)

@pytest.mark.seeds([7, 9])
def test_list(internet):
    SEEN.append(internet.seed)

def test_after():
    assert SEEN == [0, 1, 2, 7, 9]
"""
    )
    result.assert_outcomes(passed=6)


def test_the_option_chooses_one(run):
    result = run(
        """
@pytest.mark.seeds(50)
def test_it(internet):
    assert internet.seed == 14
""",
        "--internet-seed=14",
    )
    result.assert_outcomes(passed=1)


def test_a_failure_names_its_seed_and_saves_captures(run, pytester):
    result = run(
        """
@pytest.mark.seeds([3])
def test_it(internet):
    world(internet)
    assert False
""",
        "--internet-captures=seen",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*private internet*",
            "seed 3, failed at 0.00* virtual seconds",
            "repeat: pytest *::test_it* --internet-seed=3",
            "capture of client: seen*",
        ]
    )
    saved = sorted((pytester.path / "seen").iterdir())
    assert len(saved) == 2
    assert saved[0].read_bytes()[:4] == b"\n\r\r\n"


def test_what_is_said_repeats_the_test_that_failed(run, pytester):
    result = run(
        """
@pytest.mark.seeds([3, 5])
@pytest.mark.parametrize("data", [1, 2])
def test_both(internet, data):
    world(internet)
    assert (internet.seed, data) != (5, 2)

@pytest.mark.parametrize("data", [1, 2])
def test_alone(internet, data):
    assert data != 2
"""
    )
    result.assert_outcomes(passed=4, failed=2)
    again = [line.split(" ", 2)[2] for line in result.outlines if line.startswith("repeat:")]
    for arguments in again:
        test, *options = shlex.split(arguments)
        pytester.runpytest(test, "-p", "no:cacheprovider", *options).assert_outcomes(failed=1)


def test_a_world_that_fails_while_it_is_built_or_torn_down_says_so(run):
    result = run(
        """
@pytest.fixture
def built(internet):
    world(internet)
    raise OSError("no shop")

@pytest.fixture
def used(internet):
    yield internet
    raise OSError("no end")

def test_built(built):
    pass

def test_used(used):
    pass
"""
    )
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["repeat: pytest *::test_built*", "capture of client: *"])
    result.stdout.fnmatch_lines(["repeat: pytest *::test_used*"])


@pytest.mark.parametrize("wrong", ["", '"x"', "[]", "0"])
def test_seeds_that_are_none(run, wrong):
    result = run(f"@pytest.mark.seeds({wrong})\ndef test_it(internet):\n    pass\n")
    result.stdout.fnmatch_lines(["*takes a count or a list of numbers*"])
    assert result.ret != 0


def test_a_passing_test_saves_nothing(run, pytester):
    run("def test_it(internet):\n    world(internet)\n").assert_outcomes(passed=1)
    assert not (pytester.path / ".internet-captures").exists()
