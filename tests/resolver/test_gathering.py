import pytest

from firstbyte.resolver.attempts import GaveUp
from firstbyte.resolver.base import FoundAddresses, FoundHttps, HttpsRecord
from firstbyte.resolver.gathering import Gathering, final_failure, goes_on

FOUR = FoundAddresses(4, ("192.0.2.1",), 60, "c.example")
NO_SIX = FoundAddresses(6, ())
NODATA = GaveUp("dns.nodata", "no data")
NXDOMAIN = GaveUp("dns.nxdomain", "no name")
SERVFAIL = GaveUp("dns.servfail", "failed")
SILENT = GaveUp("dns.silent", "silent")
SERVICE = FoundHttps((HttpsRecord(priority=1, target="a"),))


def gathering() -> Gathering:
    return Gathering("a.example", (4, 6), (4, 6))


def test_an_address_is_given_at_once() -> None:
    both = gathering()
    assert both.add_addresses(FOUR) == [FOUR]
    assert not both.addresses_settled
    assert both.add_failure(6, NODATA) == [NO_SIX]
    assert both.addresses_settled
    assert both.canonical_name == "c.example"


def test_negatives_wait_for_an_address() -> None:
    both = gathering()
    assert both.add_failure(6, NODATA) == []
    assert both.add_https(FoundHttps(())) == []
    assert both.add_addresses(FOUR) == [NO_SIX, FoundHttps(()), FOUR]


def test_services_are_given_at_once() -> None:
    assert gathering().add_https(SERVICE) == [SERVICE]


def test_a_family_that_is_not_asked_is_settled_with_the_first_address() -> None:
    four = Gathering("a.example", (4, 6), (4,))
    assert four.add_addresses(FOUR) == [NO_SIX, FOUR]
    assert four.addresses_settled


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (NODATA, NXDOMAIN, NODATA),
        (NXDOMAIN, NODATA, NODATA),
        (NODATA, SERVFAIL, SERVFAIL),
        (SILENT, NXDOMAIN, SILENT),
        (NXDOMAIN, NXDOMAIN, NXDOMAIN),
    ],
)
def test_the_failure_that_tells_most(first: GaveUp, second: GaveUp, told: GaveUp) -> None:
    both = gathering()
    both.add_failure(4, first)
    both.add_failure(6, second)
    assert both.failure() == told


def test_what_ends_a_search() -> None:
    assert all(goes_on(failure) for failure in (NODATA, NXDOMAIN, SERVFAIL))
    assert not goes_on(SILENT)


def test_the_searchs_failure() -> None:
    assert final_failure([NXDOMAIN, NODATA], as_is_first=True) == NXDOMAIN
    assert final_failure([NXDOMAIN, NODATA], as_is_first=False) == NODATA
