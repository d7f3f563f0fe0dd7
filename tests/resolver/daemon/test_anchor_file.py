"""The trust anchors' state file: what we write we read, and so do unbound's and dig's."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon import anchor_file
from firstbyte.resolver.daemon.anchors import anchors_from
from firstbyte.resolver.rollover.states import State, TrackedKey, TrustPoint
from testbed.rollover_zone import Ksk

NOW_S = 1_700_000_000
UNBOUNDS = """\
; autotrust trust anchor file
;;id: . 1
;;last_queried: 1258962400 ;;Mon Nov 23 08:46:40 2009
;;last_success: 1258962400 ;;Mon Nov 23 08:46:40 2009
;;next_probe_time: 1258967360 ;;Mon Nov 23 10:09:20 2009
;;query_failed: 3
;;query_interval: 43200
;;retry_time: 8640
.\t172800\tIN\tDNSKEY\t257 3 15 {one} ;{{id = 1 (ksk), size = 256b}} ;;state=2 [  VALID  ] \
;;count=0 ;;lastchange=1258962400 ;;Mon Nov 23 08:46:40 2009
.\t172800\tIN\tDNSKEY\t257 3 15 {two} ;{{id = 2 (ksk), size = 256b}} ;;state=1 [ ADDPEND ] \
;;count=7 ;;lastchange=1258900000 ;;Sun Nov 22 14:26:40 2009
.\t172800\tIN\tDNSKEY\t385 3 15 {three} ;{{id = 3 (ksk), size = 256b}} ;;state=4 [ REVOKED ] \
;;count=0 ;;lastchange=1258900001 ;;Sun Nov 22 14:26:41 2009
"""


def key_text(key):
    return key.record.to_text().split(" ", 3)[3].replace(" ", "")


@pytest.fixture
def unbounds():
    keys = Ksk(), Ksk(), Ksk()
    one, two, three = map(key_text, keys)
    return keys, UNBOUNDS.format(one=one, two=two, three=three).splitlines()


def test_unbounds_file_is_understood(unbounds):
    keys, lines = unbounds
    point = anchor_file.parse(lines)[b"\0"]
    assert (point.queried_s, point.next_s, point.failures) == (1258962400, 1258967360, 3)
    assert (point.interval_s, point.retry_s) == (43200, 8640)
    assert point.tracked == (
        TrackedKey(keys[0].rdata, State.VALID, 1258962400, 0, 172800),
        TrackedKey(keys[1].rdata, State.ADD_PEND, 1258900000, 7, 172800),
        TrackedKey(keys[2].rdata, State.REVOKED, 1258900001, 0, 172800),
    )


def test_only_its_trusted_keys_are_anchors_for_those_who_do_not_follow(unbounds):
    """``trust_anchor_file`` may name such a file too."""
    keys, lines = unbounds
    (rrset,) = anchors_from(lines)
    assert list(rrset.rdatas) == [keys[0].rdata]


def test_what_dig_prints_is_a_beginning():
    """Keys without states are valid, but not those that sign the zone's data."""
    ksk, zsk = Ksk(), Ksk(flags=0x0100)
    lines = [f"a.example. 3600 IN DNSKEY {key.record.to_text()}" for key in (ksk, zsk)]
    lines.append("a.example. IN RRSIG DNSKEY 15 2 3600 20300101000000 20200101000000 1 a. AAAA")
    lines.append(Ksk().ds("b.example."))
    points = anchor_file.parse(lines)
    assert [key.rdata for key in points[b"\x01a\x07example\0"].tracked] == [ksk.rdata]
    assert points[b"\x01b\x07example\0"].digests


KEYS = st.builds(
    TrackedKey,
    st.binary(min_size=32, max_size=32).map(lambda data: b"\x01\x01\x03\x0f" + data),
    st.sampled_from(list(State)[1:]),
    st.integers(0, anchor_file.MAX_UNIX_S),
    st.integers(0, 1000),
    st.integers(0, 0x7FFFFFFF),
)
TIMES = st.integers(0, anchor_file.MAX_UNIX_S)
POINTS = st.builds(
    TrustPoint,
    st.sampled_from([b"\0", b"\x07example\0", b"\x04a\x00.b\x07example\0"]),
    st.lists(KEYS, max_size=4, unique_by=lambda key: key.rdata).map(tuple),
    st.lists(
        st.binary(min_size=36, max_size=36).map(lambda d: d[:3] + b"\2" + d[4:]), max_size=2
    ).map(tuple),
    *[TIMES] * 6,
)


@given(st.lists(POINTS, max_size=3, unique_by=lambda point: point.zone))
def test_what_is_written_is_read(points):
    text = anchor_file.render(points)
    assert list(anchor_file.parse(text.splitlines()).values()) == points


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (";;last_queried: 5", "line 2: .* before any"),
        (";;id:", "names no zone"),
        (";;id: a..b 1", "no domain name"),
        (". IN A 192.0.2.1", "no DS or DNSKEY"),
        (". IN DNSKEY 257 3 15 !!", "cannot be read"),
        (". IN DNSKEY 257 3 15 AAAA ;;state=9", "state 9 is unknown"),
        (". IN DNSKEY 256 3 15 AAAA", "no key-signing key of"),
        (". IN DNSKEY 257 3 15 AAAA ;;state=2 ;;lastchange=-5", "-5 is no time"),
    ],
)
def test_a_broken_line_is_named(tmp_path, line, words):
    path = tmp_path / "anchors"
    path.write_text(f"; comment\n{line}\n")
    with pytest.raises(UsageError, match=words) as caught:
        anchor_file.read(path)
    assert str(path) in str(caught.value)
    assert "move it away" in caught.value.hint


def test_no_file_and_an_empty_one_are_a_beginning(tmp_path):
    assert anchor_file.read(tmp_path / "none") == {}
    (tmp_path / "empty").touch()
    assert anchor_file.read(tmp_path / "empty") == {}


def test_a_daemon_that_was_stopped_before_its_first_query_starts_again(tmp_path):
    anchor_file.write(tmp_path / "anchors", [TrustPoint(b"\0")])
    assert anchor_file.read(tmp_path / "anchors") == {b"\0": TrustPoint(b"\0")}


def test_writing_replaces_the_whole_file_behind_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("x" * 10000)
    link.symlink_to(real)
    anchor_file.write(link, [TrustPoint(b"\0", (TrackedKey(Ksk().rdata, State.VALID, NOW_S),))])
    assert link.is_symlink()
    assert "[  VALID  ]" in real.read_text()
    assert "x" * 100 not in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_a_deleted_trust_point_says_so():
    text = anchor_file.render([TrustPoint(b"\0", (TrackedKey(Ksk().rdata, State.REVOKED, NOW_S),))])
    assert ";;REVOKED" in text
    assert "DNSKEY\t385 " in text
