"""What is believed later of what was proved once: known gaps, expired data, mended zones."""

import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.settings import CacheSettings, Limits, StaleSettings
from firstbyte.resolver.machine.values import Ede, Security

T = dns.rdatatype
S = "secure.example."
WWW = f"www.{S}"


def link(tree, signer: str) -> list[dns.rrset.RRset]:
    """A gap over the whole zone, whose signature is another's."""
    made = dns.rrset.from_text(f"a.{S}", 300, "IN", "NSEC", f"zzz.{S} A")
    forged = tree.zones[S].resign(made)[0]
    rdata = forged.replace(signature=bytes(64), signer=dns.name.from_text(signer))
    return [made, dns.rrset.from_rdata(made.name, 300, rdata)]


@pytest.mark.parametrize("host", ["x.wild", "www"])
def test_gaps_that_are_not_proved_are_not_kept(make_network, host) -> None:
    def with_a_gap(message, tree, ask):
        if names.to_text(ask.name) == f"{host}.{S}":
            message.authority += link(tree, S)
            for one in list(message.answer):
                if one.rdtype == T.RRSIG and host == "www":  # one that pretends to be a wildcard's
                    one.add(one[0].replace(labels=2, signature=bytes(64)))
        return message

    network = make_network(with_a_gap, minimisation="off")
    network.resolve(f"0.{S}")  # the SOA is known
    assert network.resolve(f"{host}.{S}").security is Security.SECURE
    response = network.resolve(f"alias.{S}")
    assert response.rcode == c.NOERROR
    assert response.answer


def stale_network(make_network, mutate):
    stale = StaleSettings(enabled=True, client_timeout_s=1.8)
    return make_network(mutate, cache=CacheSettings(stale=stale))


class Forger:
    """Forges the address of www once it is switched on."""

    def __init__(self) -> None:
        self.on = False

    def __call__(self, message, tree, ask):
        if self.on and names.to_text(ask.name) == WWW and message.answer:
            message.answer[0] = dns.rrset.from_text(WWW, 3600, "IN", "A", "192.0.2.66")
        return message


def test_bogus_data_do_not_replace_expired_good_ones(make_network) -> None:
    forger = Forger()
    network = stale_network(make_network, forger)
    network.resolve(WWW)
    network.unix_s += 4000
    forger.on = True
    for _ in range(2):
        response = network.resolve(WWW)
        assert list(response.answer[0].rdatas) == [bytes((192, 0, 2, 80))]
        assert response.security is Security.SECURE
        assert response.errors[0].code is Ede.STALE_ANSWER
    network.unix_s += 61
    forger.on = False
    assert network.resolve(WWW).stale is False


def test_data_that_nobody_judged_are_not_given_as_expired_ones(make_network) -> None:
    forger = Forger()
    forger.on = True
    network = stale_network(make_network, forger)
    assert list(network.resolve(WWW, cd=True).answer[0].rdatas) == [bytes((192, 0, 2, 66))]
    network.unix_s += 4000
    network.mutate = lambda message, tree, ask: None
    assert network.resolve(WWW).rcode == c.SERVFAIL
    assert network.resolve(WWW, cd=True).stale


def test_a_mended_key_set_is_seen_within_a_minute(make_network) -> None:
    def expired(message, tree, ask):
        for one in list(message.answer):
            if one.rdtype == T.DNSKEY and str(one.name) == S:
                message.answer = [one, tree.zones[S].resign(one, expiration=network.unix_s - 60)]
        return message

    network = make_network(expired)
    assert network.resolve(WWW).rcode == c.SERVFAIL
    network.mutate = None
    network.unix_s += 61
    assert network.resolve(WWW).security is Security.SECURE


@pytest.mark.parametrize("limits", [Limits(signatures=6), Limits(exchanges=5)])
def test_a_budget_that_others_spent_is_no_verdict(make_network, limits) -> None:
    """The end of an alias is not thought bogus, or failed, because the way to it was costly."""
    network = make_network(limits=limits, minimisation="off")
    assert network.resolve(f"alias.{S}").rcode == c.SERVFAIL
    assert network.resolve(WWW).security is Security.SECURE
