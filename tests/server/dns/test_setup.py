"""From the command line's words to zones; faults of zones and of signatures."""

import dns.rcode
import pytest

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns.setup import Wishes, prepare
from firstbyte.server.dns.signing import Policy
from testbed.name_server import CHILD, NOW_S, ZONE, ask

APEX = from_text("example.org.")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "parent").write_text(ZONE)
    (tmp_path / "child").write_text(CHILD)
    return [f"{tmp_path}/parent", f"{tmp_path}/child"]


def made(files, *faults, policy=None, **more):
    return prepare(Wishes(files, policy=policy, faults=faults, **more), NOW_S)


def test_anchors_are_printed_for_people_and_validators(files):
    from firstbyte.resolver.daemon.anchors import anchors_from

    served = made(files, policy=Policy(split=True))
    lines = served.anchors()
    assert [line.split()[2] for line in lines] == ["DS", "DNSKEY"] * 2
    assert len(anchors_from(lines)) == 4


def test_keys_are_kept(files, tmp_path):
    keys = tmp_path / "keys"
    wanted = made(files, policy=Policy(split=True), key_directory=keys).anchors()
    assert made(files, policy=Policy(split=True), key_directory=keys).anchors() == wanted
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys.iterdir())


def test_views_share_the_zones_keys(files):
    served = made(files, policy=Policy(), views=[f"10.0.0.0/8={files[0]}"])
    assert len(served.anchors()) == 4
    assert ask(served.zones, "www.example.org", client="10.1.1.1", dnssec=True).answer


def test_a_subnet_may_see_several_zones_of_its_own(files):
    served = made(files[:1], views=[f"10.0.0.0/8={path}" for path in files])
    assert ask(served.zones, "www.signed.example.org", client="10.1.1.1").answer
    assert ask(served.zones, "www.example.org", client="10.1.1.1").answer
    outside = ask(served.zones, "www.signed.example.org", client="192.0.2.1")
    assert not outside.answer


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"views": ["10.0.0.0/8"]}, "has no '='"),
        ({"views": ["ten=x"]}, "ten"),
        ({"faults": ["nonsense"]}, "no fault is named"),
        ({"faults": ["lame=1"]}, "takes no value"),
        ({"faults": ["slow=x"]}, "not a number"),
        ({"faults": ["wrong-glue=x"]}, "not an address"),
        ({"faults": ["stale-serial=x"]}, "not a number"),
        ({"faults": ["expired-signatures"]}, "signed here"),
    ],
)
def test_what_cannot_be_is_told(files, words, message):
    with pytest.raises(UsageError, match=message):
        prepare(Wishes(files, **words), NOW_S)


def rrsig(served, name="www.example.org", rdtype="A"):
    message = ask(served.zones, name, rdtype, dnssec=True)
    return [s[0] for s in message.answer if s.rdtype == 46]


def test_faults_of_signatures(files):
    policy = Policy()
    assert rrsig(made(files, "expired-signatures", policy=policy))[0].expiration < NOW_S
    assert rrsig(made(files, "future-signatures", policy=policy))[0].inception > NOW_S
    assert rrsig(made(files, "missing-signatures", policy=policy)) == []
    only = made(files, "missing-signatures@www.example.org", policy=policy)
    assert rrsig(only) == []
    assert rrsig(only, "mail.example.org")
    muted = ask(made(files, "missing-denial", policy=policy).zones, "no.example.org", dnssec=True)
    assert muted.rcode() == dns.rcode.NXDOMAIN
    assert {s.rdtype for s in muted.authority} == {6, 46}


def test_broken_signatures_fit_no_key(files):
    import dns.dnssec

    served = made(files, "broken-signatures@www.example.org", policy=Policy())
    key = ask(served.zones, "example.org", "DNSKEY", tcp=True).answer[0]
    data, signature = ask(served.zones, "www.example.org", dnssec=True).answer
    with pytest.raises(dns.dnssec.ValidationFailure):
        dns.dnssec.validate(data, signature, {key.name: key}, now=NOW_S)


def test_faults_of_data(files):
    glue = ask(made(files, "wrong-glue=192.0.2.99").zones, "x.sub.example.org")
    assert glue.additional[0][0].address == "192.0.2.99"
    assert not ask(made(files, "missing-glue").zones, "x.sub.example.org").additional
    assert ask(made(files, "stale-serial=2").zones, "example.org", "SOA").answer[0][0].serial == 5
    right = ask(made(files, policy=Policy()).zones, "signed.example.org", "DS").answer[0]
    broken = made(files, "wrong-ds", policy=Policy())
    wrong = ask(broken.zones, "signed.example.org", "DS").answer[0]
    assert wrong[0].digest_type == right[0].digest_type
    key = broken.keys[from_text("signed.example.org.")][0]
    assert wrong[0].to_wire() != key.ds(from_text("signed.example.org."))
