import pytest

from firstbyte.diagnosis.explain import all_pages, find
from firstbyte.diagnosis.glossary_pages import glossary_pages


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("MSS", "MSS"),
        ("maximum segment size", "MSS"),
        ("wscale", "window scale"),
        ("slow start", "cwnd"),
        ("HOL blocking", "head-of-line blocking"),
        ("first byte", "time to first byte"),
        ("tcp-states", "tcp-states"),
        ("TCP state machine", "tcp-states"),
        ("TIME_WAIT", "TIME-WAIT"),
    ],
)
def test_people_find_the_page_by_their_own_words(term: str, name: str) -> None:
    assert find(term)[0].name == name


def test_every_term_has_its_source_and_a_name_of_its_own() -> None:
    names = [page.name.lower() for page in glossary_pages()]
    assert len(names) == len(set(names))
    assert all(page.references and len(page.meaning) > 40 for page in glossary_pages())
    others = {page.name.lower() for page in all_pages() if page.kind not in {"term", "option"}}
    assert not others & set(names)
