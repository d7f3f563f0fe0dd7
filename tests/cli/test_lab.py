"""``--lab``: the same commands in the private internet."""

import json

from firstbyte.cli.shell.entry import run


def test_without_a_url_the_default_site_is_traced(capsys):
    assert run(["--lab", "--json"]) == 0
    journey = json.loads(capsys.readouterr().out)
    assert journey["network"] == "simulated"
    assert journey["url"] == "https://shop.example/"
    assert journey["hops"][0]["status"] == 200


def test_lab_alone_does_not_take_the_url(capsys):
    assert run(["--lab", "https://near.example/", "-q"]) == 0
    assert capsys.readouterr().out.startswith("https://near.example/  200 OK")


def test_many_urls_at_once_in_one_world(capsys):
    assert run(["--lab", "https://near.example/", "https://far.example/", "-q"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_an_unknown_world_is_a_usage_error(capsys):
    assert run(["--lab=nope"]) == 2
    assert "default" in capsys.readouterr().err


def test_a_seed_needs_a_world(capsys):
    assert run(["--seed", "3", "https://near.example/"]) == 2
    assert "--lab" in capsys.readouterr().err


def test_failures_keep_curl_s_exit_codes():
    assert run(["--lab", "-q", "https://nowhere.example/"]) == 6
