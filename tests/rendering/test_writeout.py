"""curl's ``-w``: variables, fields, escapes; held against the installed curl where there is one."""

import json
import shutil
import subprocess

import msgspec
import pytest

from firstbyte.rendering.exports.writeout import Piece, write_out
from firstbyte.rendering.exports.writeout_variables import VARIABLES, Transfer
from testbed.events import Story
from testbed.journeys import expired, healthy, healthy_hop, redirected


def shown(template: str, journey=None, **more) -> str:
    pieces = write_out(template, Transfer(journey or healthy(), **more))
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        (r"a\tb\nc\rd", "a\tb\nc\rd"),
        (r"\x \\ \q", r"\x \\ \q"),
        ("100%% %z %", "100% %z %"),
        ("B%{http_code", "B%{http_code"),
        ("%{http_code} %{response_code} %{http_connect}", "200 200 000"),
        ("%{time_namelookup}", "0.030500"),
        ("%{time_connect}", "0.050700"),
        ("%{time_appconnect}", "0.074600"),
        ("%{time_pretransfer}", "0.074600"),
        ("%{time_posttransfer}", "0.074800"),
        ("%{time_starttransfer}", "0.145200"),
        ("%{time_total}", "0.182300"),
        ("%{time_redirect}", "0.000000"),
        ("%{size_download} %{size_request} %{size_upload}", "58412 312 0"),
        ("%{speed_download}", "320416"),
        ("%{http_version} %{scheme} %{method}", "2 HTTPS GET"),
        ("%{remote_ip}:%{remote_port}", "203.0.113.7:443"),
        ("%{local_ip}:%{local_port}", "198.51.100.2:40312"),
        ("%{content_type}", "text/html; charset=utf-8"),
        ("%header{Content-Encoding}", "gzip"),
        ("[%header{absent}]", "[]"),
        ("%{url} %{url_effective}", "https://shop.example/basket https://shop.example/basket"),
        ("%{url.host} %{url.port} %{urle.path} %{url.query}", "shop.example 443 /basket "),
        ("%{num_connects} %{num_redirects} %{num_headers} %{num_certs}", "1 0 3 2"),
        ("[%{redirect_url}%{errormsg}%{referer}]", "[]"),
        ("%{exitcode} %{ssl_verify_result} %{proxy_used}", "0 0 0"),
        ("done%{onerror} failed", "done"),
    ],
)
def test_variables_of_a_healthy_journey(template: str, text: str) -> None:
    assert shown(template) == text


def test_times_of_redirects_are_added_as_curl_does() -> None:
    assert shown("%{time_namelookup}", redirected()) == "0.030600"
    assert shown("%{time_redirect}", redirected()) == "0.071900"
    assert shown("%{num_redirects} %{num_connects}", redirected()) == "1 2"


def test_a_failure_has_its_message_and_what_follows_onerror() -> None:
    text = shown("%{exitcode} %{onerror}%{errormsg} %{http_code} %{time_appconnect}", expired())
    assert text == "60 the certificate of shop.example expired 12 days ago 000 0.000000"


def test_an_unfollowed_redirect_is_named() -> None:
    hop = healthy_hop(status=302, redirect_url="https://shop.example/login")
    assert shown("%{redirect_url}", healthy(hops=(hop,))) == "https://shop.example/login"


def test_all_values_of_a_field() -> None:
    fields = (("via", "a"), ("Via", "b"))
    http = msgspec.structs.replace(healthy_hop().http, response_headers=fields)
    journey = healthy(hops=(healthy_hop(http=http),))
    assert shown("%header{via}", journey) == "a"
    assert shown("%header{via:all:|}", journey) == "a|b"
    assert shown("%{header_json}", journey) == '{"via":["a","b"]\n}'


def test_destinations_follow_their_marks() -> None:
    pieces = write_out("a%{stderr}b%{stdout}c%output{f}d%output{>>g}e", Transfer(healthy()))
    assert pieces == [
        Piece("stdout", "a"),
        Piece("stderr", "b"),
        Piece("stdout", "c"),
        Piece("file", "d", "f"),
        Piece("file", "e", "g", append=True),
    ]


def test_an_unknown_variable_is_told_on_stderr() -> None:
    pieces = write_out("a%{nope}b", Transfer(healthy()))
    assert [piece.stream for piece in pieces] == ["stdout", "stderr", "stdout"]
    assert "unknown --write-out variable: 'nope'" in pieces[1].text


def test_a_peer_s_text_is_escaped() -> None:
    fields = (("x", "\x1b[31mred"),)
    http = msgspec.structs.replace(healthy_hop().http, response_headers=fields)
    assert shown("%header{x}", healthy(hops=(healthy_hop(http=http),))) == "\\x1b[31mred"


def test_json_holds_every_variable_in_order() -> None:
    text = shown("%{json}", url_number=3, filename="f.bin")
    values = json.loads(text)
    assert list(values) == [*sorted(VARIABLES), "curl_version"]
    assert values["urlnum"] == 3
    assert values["filename_effective"] == "f.bin"
    assert values["redirect_url"] is None
    assert '"time_total":0.182300' in text


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("journey", [healthy(), expired()], ids=["healthy", "failed"])
def test_json_has_curl_s_keys_with_curl_s_types(journey) -> None:
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{json}", "file:///dev/null"]
    theirs = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    ours = json.loads(shown("%{json}", journey))
    assert set(theirs) <= set(ours)
    for name, value in theirs.items():
        if None not in (value, ours[name]):
            assert type(ours[name]) is type(value), name


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "template",
    [r"\x \\ \q a\tb", "100%% %z %", "B%{exitcode", "[%{redirect_url}]", "%header{absent}|", "\\"],
)
def test_what_is_no_variable_is_printed_as_curl_prints_it(template: str) -> None:
    command = ["curl", "-s", "-o", "/dev/null", "-w", template, "file:///dev/null"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert shown(template) == done.stdout


def test_a_connection_counts_once_it_stands() -> None:
    refused = Story().lookup().connect_fails().fails("tcp.refused", "tcp").journey()
    assert shown("%{num_connects} %{remote_ip}", refused) == "0 192.0.2.1"
