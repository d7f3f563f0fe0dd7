"""TSIG against dnspython's own messages, and octets that are no signatures."""

import dns.exception
import dns.message
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns.tsig import (
    ALGORITHMS,
    BADKEY,
    BADSIG,
    BADTIME,
    MAX_UNSIGNED,
    Chain,
    Fault,
    key_from_file,
    key_from_text,
    split,
)

SECRET = "c2VjcmV0IHRoYXQgaXMgbG9uZyBlbm91Z2g="
NOW_S = 1_800_000_000.0
KEY = key_from_text(f"xfer.test:{SECRET}")
QUERY = dns.message.make_query("www.example.org", "A", use_edns=0).to_wire()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signatures_are_those_of_dnspython(algorithm, monkeypatch):
    key = key_from_text(f"{algorithm}:xfer.test:{SECRET}")
    ours = Chain(key).sign(QUERY, NOW_S)
    assert len(ours) - len(QUERY) == key.record_bytes
    monkeypatch.setattr("time.time", lambda: NOW_S)
    message = dns.message.from_wire(ours, keyring={key.name: key.made})
    assert message.had_tsig
    theirs = dns.message.from_wire(QUERY)
    theirs.use_tsig(key.made)
    assert Chain(key).check(theirs.to_wire(), NOW_S) == QUERY


def test_an_answer_covers_the_query():
    client, server = Chain(KEY), Chain(KEY)
    query = client.sign(QUERY, NOW_S)
    assert server.check(query, NOW_S) == QUERY
    answer = server.sign(QUERY[:2] + b"\x80" + QUERY[3:], NOW_S)
    other = Chain(KEY)
    other.sign(QUERY, NOW_S + 1)
    with pytest.raises(Fault, match="does not verify"):
        other.check(answer, NOW_S)
    assert client.check(answer, NOW_S)[2] & 0x80


def refused(data, now_s=NOW_S, key=KEY):
    with pytest.raises(Fault) as caught:
        Chain(key).check(data, now_s)
    return caught.value.code


def test_what_does_not_hold():
    signed = Chain(KEY).sign(QUERY, NOW_S)
    other = key_from_text(f"other.test:{SECRET}")
    wrong = key_from_text("xfer.test:d3Jvbmc=")
    assert refused(QUERY) == BADSIG
    assert refused(signed[:20] + bytes((signed[20] ^ 1,)) + signed[21:]) == BADSIG
    assert refused(signed, key=wrong) == BADSIG
    assert refused(signed, key=other) == BADKEY
    assert refused(signed, key=KEY._replace(algorithm="hmac-sha512")) == BADKEY
    assert refused(signed, NOW_S + 301) == BADTIME
    Chain(KEY).check(signed, NOW_S + 299)


def test_a_forwarder_may_change_the_id():
    """RFC 8945, 4.2: the original one is in the record."""
    signed = Chain(KEY).sign(QUERY, NOW_S)
    assert Chain(KEY).check(b"\0\1" + signed[2:], NOW_S) == QUERY


def test_messages_of_a_transfer():
    """Each covers the one before; some need no signature, the last one does (5.3.1)."""
    server, client = Chain(KEY), Chain(KEY)
    server.check(client.sign(QUERY, NOW_S), NOW_S)
    parts = [server.sign(QUERY + bytes((n,)) * 0, NOW_S, multi=True) for n in range(3)]
    for part in parts:
        client.check(part, NOW_S, multi=True)
    assert client.whole
    client.check(QUERY, NOW_S, multi=True)
    assert not client.whole
    with pytest.raises(Fault, match="does not verify"):
        client.check(parts[2], NOW_S, multi=True)


def test_too_many_messages_without_signature():
    server, client = Chain(KEY), Chain(KEY)
    server.check(client.sign(QUERY, NOW_S), NOW_S)
    client.check(server.sign(QUERY, NOW_S, multi=True), NOW_S, multi=True)
    for _ in range(MAX_UNSIGNED):
        client.check(QUERY, NOW_S, multi=True)
    with pytest.raises(Fault, match="not signed"):
        client.check(QUERY, NOW_S, multi=True)


FILE = 'key "xfer.test" {\n\talgorithm hmac-sha512;\n\tsecret "c2VjcmV0";\n};\n'


def test_keys_from_files():
    key = key_from_file(f"// made by tsig-keygen\n{FILE}")
    assert (str(key.name), key.algorithm, key.secret) == ("xfer.test.", "hmac-sha512", b"secret")
    swapped = key_from_file('key x { secret "c2VjcmV0"; algorithm "hmac-sha256"; };')
    assert swapped == key_from_text("x:c2VjcmV0")


@pytest.mark.parametrize("text", ["", "a", "a:b:c:d", "md5:a:YQ==", "a:#", "a..b:YQ=="])
def test_what_is_no_key(text):
    with pytest.raises(ValueError, match=r"."):
        key_from_text(text)
    with pytest.raises(ValueError, match=r"no `key"):
        key_from_file(text)


@given(st.binary(max_size=60), st.integers(0, 150), st.integers(0, 30))
def test_any_octets_are_survived(data, at, cut):
    signed = Chain(KEY).sign(QUERY, NOW_S)
    broken = signed[:at] + data + signed[at + cut :]
    try:
        split(broken)
        Chain(KEY).check(broken, NOW_S)
    except (DecodeError, Fault):
        pass
    else:
        assert broken[2:] == signed[2:]
