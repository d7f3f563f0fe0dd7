"""From flags to ``TraceOptions``, as curl means them."""

from typing import Any

import click
import pytest

from firstbyte.cli.shell.client_flags import client_flags
from firstbyte.cli.shell.client_options import UNLIMITED_REDIRECTS, trace_options
from firstbyte.cli.shell.grouped import GroupedCommand
from firstbyte.client.options import TraceOptions
from firstbyte.errors import FirstbyteError, UsageError


def options(*arguments: str) -> TraceOptions:
    seen: dict[str, Any] = {}

    @click.command(cls=GroupedCommand)
    @client_flags
    def command(**values: Any) -> None:
        seen.update(values)

    command.main(list(arguments), standalone_mode=False)
    return trace_options(seen, show_secrets=False)


def test_without_flags_every_default_is_the_library_s() -> None:
    assert options() == TraceOptions()


@pytest.mark.parametrize(
    ("arguments", "path", "value"),
    [
        (["-4"], "connect.family", 4),
        (["-6"], "connect.family", 6),
        (["-4", "-6"], "connect.family", 6),
        (["--interface", "eth0"], "connect.interface", "eth0"),
        (["--connect-timeout", "1.5"], "connect.timeout_s", 1.5),
        (["--tap", "off"], "connect.tap", "off"),
        (["-m", "3"], "limits.max_time_s", 3.0),
        (["--max-bytes", "1k"], "limits.max_bytes", 1024),
        (["-k"], "tls.insecure", True),
        (["--cacert", "a.pem"], "tls.ca_file", "a.pem"),
        (["-E", "c.pem", "--key", "k.pem"], "tls.key_file", "k.pem"),
        (["--tlsv1.3"], "tls.minimum", "1.3"),
        (["--tls-max", "1.2"], "tls.maximum", "1.2"),
        (["--ciphers", "X"], "tls.ciphers", "X"),
        (["--curves", "X25519"], "tls.curves", "X25519"),
        (["-0"], "http.version", "1.0"),
        (["--http1.0"], "http.version", "1.0"),
        (["--http1.1"], "http.version", "1.1"),
        (["--http1.1", "--http2"], "http.version", "2"),
        (["--http3"], "http.version", "3"),
        (["--http3-only"], "http.only", True),
        (["-X", "PUT"], "http.method", "PUT"),
        (["-I"], "http.method", "HEAD"),
        (["-L"], "http.follow", True),
        (["--max-redirs", "3"], "http.max_redirects", 3),
        (["--max-redirs", "-1"], "http.max_redirects", UNLIMITED_REDIRECTS),
        (["-f"], "http.fail", True),
        (["--no-compressed"], "http.compressed", False),
        (["-x", ""], "http.proxy", ""),
        (["--noproxy", "*"], "http.no_proxy", "*"),
        (["-A", "ua"], "http.user_agent", "ua"),
        (["-e", "http://r/"], "http.referer", "http://r/"),
        (["-u", "me:p:w"], "http.credentials", ("me", "p:w")),
        (["-b", "a=1", "-b", "b=2"], "http.cookies", "a=1; b=2"),
        (["-b", "jar.txt"], "http.cookie_jar", "jar.txt"),
        (
            ["-H", "A: 1", "-H", "B:", "-H", "C;"],
            "http.headers",
            (("A", "1"), ("B", None), ("C", "")),
        ),
        (["-d", "a=1", "-d", "b=2"], "http.body", b"a=1&b=2"),
        (["-d", "a"], "http.content_type", "application/x-www-form-urlencoded"),
        (["--data-raw", "@x"], "http.body", b"@x"),
        (["--data-urlencode", "q=a b&c"], "http.body", b"q=a+b%26c"),
        (["--data-urlencode", "a b"], "http.body", b"a+b"),
        (["--data-urlencode", "=a=b"], "http.body", b"a%3Db"),
        (["--json-body", "{}"], "http.content_type", "application/json"),
        (["--json-body", "{}"], "http.headers", (("Accept", "application/json"),)),
        (["--json-body", "{}", "-H", "accept: x"], "http.headers", (("accept", "x"),)),
        (["--dns", "iterative"], "resolve.mode", "iterative"),
        ([], "resolve.mode", "stub"),
        (["--dnssec"], "resolve.dnssec", True),
        (["--dnssec"], "resolve.mode", "iterative"),
        (["--dot", "d.example"], "resolve.dot", ("d.example", 853)),
        (["--doh-url", "https://d/"], "resolve.doh_url", "https://d/"),
    ],
)
def test_a_flag_sets_its_option(arguments: list[str], path: str, value: object) -> None:
    group, _, name = path.partition(".")
    assert getattr(getattr(options(*arguments), group), name) == value


def test_data_from_a_file_loses_line_ends_unless_binary(tmp_path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"a\r\nb\0c\n")
    assert options("-d", f"@{file}").http.body == b"abc"
    assert options("--data-binary", f"@{file}").http.body == b"a\r\nb\0c\n"
    assert options("--data-urlencode", f"n@{file}").http.body == b"n=a%0D%0Ab%00c%0A"


def test_headers_are_read_from_a_file(tmp_path) -> None:
    file = tmp_path / "headers"
    file.write_text("A: 1\n\nB: 2\n")
    assert options("-H", f"@{file}").http.headers == (("A", "1"), ("B", "2"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["-d", "@absent"],
        ["-H", "@absent"],
    ],
)
def test_an_unreadable_file_is_told(arguments: list[str]) -> None:
    with pytest.raises(FirstbyteError, match="cannot read absent"):
        options(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json-body", "{}", "-d", "x"],
        ["-I", "-d", "x"],
        ["-b", "one", "-b", "two"],
        ["--dot", "a", "--dns-servers", "192.0.2.1"],
        ["--dnssec", "--dns", "stub"],
        ["--dnssec", "--dot", "a"],
        ["--dnssec", "--dns", "iterative", "--dns-servers", "192.0.2.1"],
    ],
)
def test_contradictions_are_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        options(*arguments)
