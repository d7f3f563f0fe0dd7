"""What is replaced while a world runs, and that all of it is put back."""

import os
import socket
import ssl
import sys
import threading
import time
from types import ModuleType

import pytest

from firstbyte.sim import Internet
from firstbyte.sim.patches.substitution import Substitution, Substitutions
from firstbyte.sim.timers import deadline_ns


@pytest.fixture
def module():
    made = ModuleType("made_for_a_test")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def test_names_imported_from_a_module_are_replaced_and_put_back(module):
    real = time.monotonic
    module.monotonic = real
    fake = object()
    substitutions = Substitutions([Substitution(time, "monotonic", fake)])
    substitutions.put_in()
    assert time.monotonic is fake
    assert module.monotonic is fake
    substitutions.take_out()
    assert time.monotonic is real
    assert module.monotonic is real


def test_what_was_imported_meanwhile_is_put_right(module):
    real = time.time
    substitutions = Substitutions([Substitution(time, "time", object())])
    substitutions.put_in()
    module.time = time.time
    substitutions.take_out()
    assert module.time is real


def test_a_name_that_a_known_module_got_later_is_replaced_too(module):
    fake = object()
    substitutions = Substitutions([Substitution(time, "monotonic", fake)])
    substitutions.put_in()
    substitutions.take_out()
    module.monotonic = time.monotonic
    substitutions.put_in()
    assert module.monotonic is fake
    substitutions.take_out()
    assert module.monotonic is time.monotonic


def test_everything_is_back_after_a_failure():
    before = {name: vars(socket)[name] for name in ("socket", "getaddrinfo", "gethostname")}
    clocks = time.time, time.sleep, os.urandom, threading.Thread.start
    os.environ["HTTP_PROXY"] = "http://proxy.invalid"

    async def fail():
        assert "HTTP_PROXY" not in os.environ
        assert os.environ["SSLKEYLOGFILE"]
        raise ZeroDivisionError

    try:
        with Internet() as internet, pytest.raises(ZeroDivisionError):
            internet.run(until=internet.host("one").run(fail()))
        assert os.environ["HTTP_PROXY"] == "http://proxy.invalid"
    finally:
        del os.environ["HTTP_PROXY"]
    assert {name: vars(socket)[name] for name in before} == before
    assert (time.time, time.sleep, os.urandom, threading.Thread.start) == clocks


def test_clocks_may_stay_real():
    async def clock():
        return time.time()

    with Internet(clocks=False) as internet:
        assert internet.run(until=internet.host("one").run(clock())) > 1.78e9


@pytest.mark.parametrize("when_s", [0.0, 0.1, 0.3, 1e-9, 31_536_000.1, 31_536_000.3, 1e8 + 1 / 3])
def test_a_deadline_has_come_when_it_fires(when_s):
    at_ns = deadline_ns(when_s)
    assert at_ns / 1e9 >= when_s
    assert (at_ns - 1) / 1e9 <= when_s


def test_a_world_reads_no_authorities_before_somebody_needs_them(monkeypatch):
    pytest.importorskip("aiohttp")

    def refuse(*_, **__):
        raise AssertionError("nobody asked for TLS")

    monkeypatch.setattr(ssl, "create_default_context", refuse)
    with Internet() as internet:
        internet.run(0.1)
