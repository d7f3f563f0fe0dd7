"""Side by side with Debian's curl: the same exit codes, variables and requests.

What differs on purpose is in docs/reference/curl.md.
"""

import re
import shutil
import subprocess
import sys

import pytest

from testbed.raw_peer import RawPeer, Script, blurt, redirecting, say

CURL = shutil.which("curl")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(CURL is None, reason="curl is not installed"),
]

OK = b"HTTP/1.1 200 OK\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: "
EMPTY = b"Content-Length: 0\r\n\r\n"
FAILURES: dict[str, tuple[Script, tuple[str, ...]]] = {
    "short length": (say(OK + b"Content-Length: 9\r\n\r\nabc"), ()),
    "short chunk": (say(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"), ()),
    "no last chunk": (say(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), ()),
    "bad chunk": (say(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab"), ()),
    "nothing": (say(), ()),
    "reset at once": (say(then="reset"), ()),
    "reset in the content": (say(OK + b"Content-Length: 9\r\n\r\nabc", then="reset"), ()),
    "binary": (blurt(b"\x00\x01\x02\xff" * 20), ()),
    "text": (blurt(b"hello world\r\n"), ()),
    "ssh": (blurt(b"SSH-2.0-OpenSSH_9\r\n"), ()),
    "smtp": (blurt(b"220 mail ESMTP\r\n"), ()),
    "no status": (say(b"HTTP/1.1\r\n\r\n"), ()),
    "bad status": (say(b"HTTP/1.1 2x0 OK\r\n\r\n"), ()),
    "low status": (say(b"HTTP/1.1 099 X\r\n" + EMPTY), ()),
    "bad version": (say(b"HTTP/4.0 200 OK\r\n" + EMPTY), ()),
    "no colon": (say(OK + b"garbage\r\n" + EMPTY), ()),
    "bad length": (say(OK + b"Content-Length: abc\r\n\r\n"), ()),
    "bad coding": (say(OK + b"Transfer-Encoding: foo\r\n\r\nhi"), ()),
    "NUL in a field": (say(OK + b"A: a\0b\r\n" + EMPTY), ()),
    "bad gzip": (say(OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"), ()),
    "404": (say(b"HTTP/1.1 404 No\r\n" + EMPTY), ()),
    "404 with -f": (say(b"HTTP/1.1 404 No\r\n" + EMPTY), ("-f",)),
    "silence": (say(then="wait"), ("-m", "0.5")),
    "no redirects": (
        say(MOVED + b"/a\r\n" + EMPTY),
        ("-L", "--max-redirs", "0"),
    ),
    "redirect elsewhere": (say(MOVED + b"foo://x/\r\n" + EMPTY), ("-L",)),
    "bare line feeds": (say(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"), ()),
    "folded field": (say(OK + b"A: a\r\n b\r\n" + EMPTY), ()),
    "until the end": (say(b"HTTP/1.0 200 OK\r\n\r\nhello"), ()),
}
WITHOUT_PEER: dict[str, tuple[str, ...]] = {
    "refused": ("http://127.0.0.1:1/",),
    "no port": ("http://127.0.0.1:x/",),
    "large port": ("http://127.0.0.1:99999/",),
    "scheme": ("foo://127.0.0.1/",),
    "bracket": ("http://[::1/",),
    "space": ("http://a b/",),
    "interface": ("--interface", "nope0", "http://127.0.0.1:1/"),
    "proxy": ("-x", "http://127.0.0.1:1", "http://site.test/"),
    "option": ("--no-such-option", "http://127.0.0.1:1/"),
}
ROUTES = {
    f"/r{status}": b"HTTP/1.1 %d X\r\nLocation: /end?x=1\r\n%b" % (status, EMPTY)
    for status in (301, 302, 303, 307, 308)
}
END = OK + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
REQUESTS = [
    ("/",),
    ("-X", "POST", "/"),
    ("-d", "a=b", "-d", "c", "/"),
    ("-d", "", "/"),
    ("-X", "PUT", "-d", "x", "/"),
    ("--data-urlencode", "q=a b&c", "/"),
    ("-d", "x", "-H", "Content-Type: text/plain", "/"),
    ("-I", "/"),
    ("-H", "A: b", "-H", "Accept:", "/"),
    ("-H", "Host: other.test", "/"),
    ("-H", "Empty;", "/"),
    ("-u", "me:secret", "/"),
    ("-b", "a=1; b=2", "/"),
    ("-e", "http://from.test/", "-A", "me/1", "/"),
    ("-0", "/"),
    ("/a/../b/./c?x=[1]{2}|",),
    *(("-L", f"/r{status}") for status in (301, 303, 307)),
    *(("-L", "-d", "x", f"/r{status}") for status in (301, 302, 303, 307, 308)),
    *(("-L", "-X", "POST", "-d", "x", f"/r{status}") for status in (301, 303, 308)),
    ("-L", "-X", "DELETE", "/r302"),
    ("-L", "-I", "/r301"),
    ("-L", "-b", "a=1", "-e", "http://from.test/", "/r302"),
]
EQUAL = (
    "http_code response_code http_connect http_version method scheme content_type num_headers "
    "size_download size_upload size_header num_connects num_redirects redirect_url url "
    "url_effective remote_ip local_ip exitcode errormsg ssl_verify_result urlnum"
)
FORMAT = "\n".join(f"{name}=%{{{name}}}" for name in EQUAL.split()) + "\n"


def curl(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert CURL is not None
    command = [CURL, "-q", "-sS", "-g", "-o", "/dev/null", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def firstbyte(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firstbyte", "--tap", "off", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("name", FAILURES)
def test_exit_codes(name: str) -> None:
    script, flags = FAILURES[name]
    with RawPeer(script) as peer:
        url = f"http://127.0.0.1:{peer.port}/"
        theirs = curl("--compressed", "-m", "10", *flags, url)
        ours = firstbyte("-q", "-m", "10", *flags, url)
    assert ours.returncode == theirs.returncode, (theirs.stderr, ours.stdout)


@pytest.mark.parametrize("name", WITHOUT_PEER)
def test_exit_codes_without_a_peer(name: str) -> None:
    arguments = WITHOUT_PEER[name]
    theirs, ours = curl(*arguments), firstbyte("-q", *arguments)
    assert ours.returncode == theirs.returncode, (theirs.stderr, ours.stdout)


def seen(run, arguments: tuple[str, ...]) -> tuple[str, list[object]]:
    """The variables that were printed and the requests that came, without what must differ."""
    with RawPeer(redirecting(ROUTES, END)) as peer:
        *flags, path = arguments
        done = run("-w", FORMAT, *flags, f"http://127.0.0.1:{peer.port}{path}")
        port = str(peer.port)
        requests = [(*_comparable(head, port), content) for head, content in peer.requests]
    return done.stdout.replace(port, "PORT"), requests


def _comparable(head: str, port: str) -> tuple[object, ...]:
    request_line, *fields = head.replace(port, "PORT").split("\r\n")
    named = [re.sub("^(User-Agent): (curl|firstbyte)/.*", r"\1: it", field) for field in fields]
    return request_line, sorted(named)


@pytest.mark.parametrize("arguments", REQUESTS, ids=" ".join)
def test_requests_and_variables(arguments: tuple[str, ...]) -> None:
    theirs, ours = seen(curl, arguments), seen(firstbyte, ("--no-compressed", *arguments))
    assert ours[1] == theirs[1]
    assert ours[0] == theirs[0]
