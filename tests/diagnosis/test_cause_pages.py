"""The pages on the ledger's causes."""

from typing import get_args

import pytest

from firstbyte.diagnosis.cause_pages import cause_pages
from firstbyte.diagnosis.explain import find
from firstbyte.journey.partition import Cause


def test_every_cause_has_its_page_and_no_other() -> None:
    assert {page.name for page in cause_pages()} == set(get_args(Cause))


@pytest.mark.parametrize("words", ["server_time", "server time", "Server thinking"])
def test_a_cause_is_found_as_the_page_of_a_trace_has_it(words: str) -> None:
    assert find(words)[0].name == "server_time"


def test_every_page_says_what_shortens_it() -> None:
    assert all(page.fixes and page.references and page.meaning for page in cause_pages())
