"""The site keeps its truth: names, delays, content, redirect, trust."""

import asyncio
import ssl
import time

import dns.asyncquery
import dns.message
import dns.rcode
import pytest

from firstbyte.lab.loopback.pages import make_page
from firstbyte.lab.loopback.site import ADDRESS, running_site
from firstbyte.lab.loopback.truth import HOST, Truth

QUICK = Truth(dns_s=0, accept_s=0, think_s=0, pause_s=0, paragraphs=50)


def ask(name: str, kind: str):
    async def main():
        async with running_site(QUICK) as site:
            query = dns.message.make_query(name, kind)
            return await dns.asyncquery.udp(query, ADDRESS, port=site.dns_port, timeout=5)

    return asyncio.run(main())


def test_the_name_has_its_address() -> None:
    answer = ask(HOST, "A")
    assert [record.address for rrset in answer.answer for record in rrset] == [ADDRESS]


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "TXT"])
def test_other_types_have_no_data(kind: str) -> None:
    answer = ask(HOST, kind)
    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


def test_other_names_do_not_exist() -> None:
    assert ask("absent.test", "A").rcode() == dns.rcode.NXDOMAIN


async def _get(url: str, context: ssl.SSLContext | None) -> bytes:
    port = int(url.rstrip("/").rpartition(":")[2])
    reader, writer = await asyncio.open_connection(
        ADDRESS, port, ssl=context, server_hostname=HOST if context else None
    )
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    content = await reader.readexactly(length)
    writer.close()
    return head + content


def test_the_page_comes_over_trusted_tls() -> None:
    async def main() -> bytes:
        async with running_site(QUICK) as site:
            context = ssl.create_default_context(cafile=str(site.ca_file))
            return await _get(site.url, context)

    answer = asyncio.run(main())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(make_page(QUICK))


def test_the_plain_site_redirects_to_the_secure_one() -> None:
    async def main() -> tuple[bytes, str]:
        async with running_site(QUICK) as site:
            return await _get(site.redirecting_url, None), site.url

    answer, url = asyncio.run(main())
    assert answer.startswith(b"HTTP/1.1 301 ")
    assert f"location: {url}".encode() in answer


def test_it_is_never_quicker_than_its_truth() -> None:
    slow = Truth(dns_s=0, accept_s=0.05, think_s=0.05, pause_s=0.02, parts=3, paragraphs=50)

    async def main() -> float:
        async with running_site(slow) as site:
            context = ssl.create_default_context(cafile=str(site.ca_file))
            start_s = time.monotonic()
            await _get(site.url, context)
            return time.monotonic() - start_s

    assert asyncio.run(main()) >= 0.05 + 0.05 + 2 * 0.02


def test_garbage_harms_nobody() -> None:
    async def main() -> bytes:
        async with running_site(QUICK) as site:
            port = int(site.url.rstrip("/").rpartition(":")[2])
            _, writer = await asyncio.open_connection(ADDRESS, port)
            writer.write(b"\x00" * 100)
            await writer.drain()
            writer.close()
            context = ssl.create_default_context(cafile=str(site.ca_file))
            return await _get(site.url, context)

    assert asyncio.run(main()).startswith(b"HTTP/1.1 200")
