"""dig, kdig and delv as clients of the daemon: over UDP, TCP, TLS and HTTPS, and validating."""

import asyncio
import contextlib
import shutil

import pytest
import trustme

from firstbyte.resolver.daemon.daemon import Daemon
from testbed.dns_tree import dns_tree

pytestmark = pytest.mark.interop
NAME = "localhost.example.test"


def needs(tool):
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} is not installed")
    return path


async def output(*command):
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        out, _ = await process.communicate()
    return out.decode()


@contextlib.asynccontextmanager
async def running(directory):
    """A daemon over a signed tree, whose certificate an authority of the test has made."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    issued = authority.issue_cert(NAME, "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(directory / "all.pem")
    async with dns_tree() as tree:
        daemon = Daemon(
            tree.config(
                listen="127.0.0.1:0",
                tls_listen=["127.0.0.1:0"],
                https_listen=["127.0.0.1:0"],
                tls_certificate=str(directory / "all.pem"),
            )
        )
        await daemon.start()
        try:
            yield daemon, tree
        finally:
            daemon.close()
            await asyncio.sleep(0.05)


def test_delv_validates_through_it(tmp_path):
    """delv asks for keys, DS records and proofs itself, and believes nothing that it is told."""
    delv = needs("delv")
    wanted = {
        ("www.example.org", "A"): "; fully validated",
        ("www.signed.example.org", "A"): "; fully validated",
        ("x.wild.example.org", "A"): "; fully validated",
        ("alias.example.org", "A"): "; fully validated",
        ("www.example.org", "TXT"): "; negative response, fully validated",
        ("nothing.example.org", "A"): "; negative response, fully validated",
        ("www.plain", "A"): "; unsigned answer",
    }

    async def program():
        async with running(tmp_path) as (daemon, tree):
            owner, _, tag, algorithm, kind, digest = tree.keys["trust_anchors"][0].split()
            anchors = tmp_path / "anchors"
            anchors.write_text(
                f'trust-anchors {{ "{owner}" static-ds {tag} {algorithm} {kind} "{digest}"; }};\n'
            )
            host, port = daemon.ports[0]
            ask = (delv, f"@{host}", "-p", port, "-a", anchors)
            texts = await asyncio.gather(*(output(*ask, *question) for question in wanted))
            return dict(zip(wanted, texts, strict=True))

    for question, text in asyncio.run(program()).items():
        assert wanted[question] in text, (question, text)


@pytest.mark.parametrize("transport", ["tls", "https", "https-get"])
def test_kdig_asks_in_private(tmp_path, transport):
    """With the certificate verified by name, and with padding, which kdig sends over TLS."""
    kdig = needs("kdig")

    async def program():
        async with running(tmp_path) as (daemon, _):
            host, port = (daemon.tls_ports if transport == "tls" else daemon.https_ports)[0]
            ways = {"tls": ("+tls",), "https": ("+https",), "https-get": ("+https", "+https-get")}
            ask = (kdig, f"@{host}", "-p", port, *ways[transport], "+dnssec", "www.example.org")
            good = await output(*ask, f"+tls-ca={tmp_path / 'ca.pem'}", f"+tls-hostname={NAME}")
            wrong_name = await output(
                *ask, f"+tls-ca={tmp_path / 'ca.pem'}", "+tls-hostname=other.test"
            )
            stranger = trustme.CA()
            stranger.cert_pem.write_to_path(tmp_path / "other.pem")
            wrong_ca = await output(*ask, f"+tls-ca={tmp_path / 'other.pem'}")
            return good, wrong_name, wrong_ca

    good, *wrong = asyncio.run(program())
    assert "192.0.2.80" in good, good
    assert "ad;" in good.partition("Flags:")[2]
    assert ";; TLS session (TLS1.3)" in good
    for text in wrong:
        assert "192.0.2.80" not in text
        assert "certificate" in text


def test_kdig_is_padded_and_told_how_long_it_may_stay(tmp_path):
    kdig = needs("kdig")

    async def program():
        async with running(tmp_path) as (daemon, _):
            host, port = daemon.tls_ports[0]
            ask = (kdig, f"@{host}", "-p", port, "+tls", "www.example.org", "mail.example.org")
            return await output(*ask, "+keepopen", "+padding=128", "+ednsopt=11")

    text = asyncio.run(program())
    assert "192.0.2.80" in text
    assert "192.0.2.10" in text
    assert "PADDING" in text.upper()
    assert "Received 468 B" in text


@pytest.mark.parametrize("tool", ["dig", "kdig"])
def test_many_questions_on_one_connection(tmp_path, tool):
    path = needs(tool)

    async def program():
        async with running(tmp_path) as (daemon, _):
            host, port = daemon.ports[0]
            names = ["www.example.org", "mail.example.org", "www.plain", "nothing.example.org"]
            return await output(path, f"@{host}", "-p", port, "+tcp", "+keepopen", *names)

    text = asyncio.run(program())
    for address in ("192.0.2.80", "192.0.2.10", "192.0.2.44"):
        assert address in text
    assert text.count("status: NXDOMAIN") == 1
    assert "WARNING" not in text
