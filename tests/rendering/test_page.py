"""The page as a whole: every line fits, in both character sets, at every width."""

import pytest
from rich.cells import cell_len

from firstbyte.rendering.headline import headline_facts
from firstbyte.rendering.look import Look
from firstbyte.rendering.page import Detail, page
from testbed.journeys import expired, healthy, redirected

FULL = Detail(ladder=True, verbose=True)


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [80, 81, 100, 120, 199, 200])
@pytest.mark.parametrize("make", [healthy, redirected, expired])
def test_no_line_is_wider_than_the_page(make, width: int, unicode: bool) -> None:
    for line in page(make(), Look(width, unicode), FULL):
        assert cell_len(line.plain.rstrip()) <= width, line.plain


@pytest.mark.parametrize("make", [healthy, redirected, expired])
def test_the_plain_page_is_ascii(make) -> None:
    for line in page(make(), Look(80, unicode=False), FULL):
        assert line.plain.isascii(), line.plain


def test_a_long_headline_is_broken_between_facts() -> None:
    journey = healthy()
    facts = [text for text, _ in headline_facts(journey, Look(80))]
    lines = page(journey, Look(40))
    end = next(index for index, line in enumerate(lines) if not line.plain)
    shown = " · ".join(line.plain.strip() for line in lines[1:end])
    assert end > 2
    assert shown == " · ".join(facts)


def test_findings_stand_worst_first() -> None:
    text = "\n".join(line.plain for line in page(expired(), Look(100)))
    assert text.index("✖ critical") < text.index("● info")
    assert "firstbyte explain tls.cert.expired" in text


def test_a_failure_says_what_where_and_what_to_do() -> None:
    text = "\n".join(line.plain for line in page(expired(), Look(120)))
    assert "✖ failed      the certificate of shop.example expired 12 days ago" in text
    assert "in tls, after 74.6 ms · tls.cert.expired · exit code 60" in text
    assert "hint        renew it" in text
