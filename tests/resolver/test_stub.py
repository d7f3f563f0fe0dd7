import asyncio

from testbed.dns_server import DnsServer

ZONE = {
    "www.example": {
        "A": ["192.0.2.1", "192.0.2.2"],
        "AAAA": ["2001:db8::1"],
        "HTTPS": ["1 . alpn=h2,h3"],
    },
    "four.example": {"A": ["192.0.2.4"]},
}


def test_addresses_of_both_families_and_the_https_record(bench) -> None:
    async def main() -> None:
        async with DnsServer(ZONE) as server:
            run = await bench.run(bench.settings(server), "www.example")
        assert run.error is None
        assert run.addresses(4) == ("192.0.2.1", "192.0.2.2")
        assert run.addresses(6) == ("2001:db8::1",)
        assert run.https.records[0].alpn == ("h2", "h3")
        assert run.events[0].type == "dns.lookup_started"
        assert len(run.told("dns.question")) == len(run.told("dns.answer")) == 3

    asyncio.run(main())
