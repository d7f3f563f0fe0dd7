"""``firstbyte explain``: any program's words lead to the page."""

import pytest


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("tls.cert.expired", "tls.cert.expired"),
        ("ERR_CERT_DATE_INVALID", "tls.cert.expired"),
        ("ECONNREFUSED", "tcp.refused"),
        ("SYN_SENT", "SYN-SENT"),
    ],
)
def test_a_term_leads_to_its_page(firstbyte, term: str, name: str) -> None:
    done = firstbyte("explain", term)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name}  ")
    assert "written in" in done.stdout


def test_words_need_no_quotes(firstbyte) -> None:
    assert firstbyte("explain", "connection", "refused").stdout.startswith("tcp.refused")


def test_without_a_term_every_page_is_listed(firstbyte) -> None:
    lines = firstbyte("explain").stdout.splitlines()
    assert {"findings", "events", "states"} <= set(lines)
    assert any(line.startswith("  tls.cert.expired ") for line in lines)
    assert max(map(len, lines)) <= 80


def test_an_unknown_term_gets_a_hint(firstbyte) -> None:
    done = firstbyte("explain", "tls.cert.qqqqqqexpqqqqq")
    assert (done.returncode, done.stdout) == (1, "")
    assert "hint: " in done.stderr


def test_a_term_cannot_reach_the_terminal(firstbyte) -> None:
    assert "\x1b" not in firstbyte("explain", "\x1b[2Jqqqqqqqqqq").stderr


def test_the_page_for_every_name_fits(firstbyte) -> None:
    from firstbyte.diagnosis.explain import all_pages
    from firstbyte.rendering.explained import explained
    from firstbyte.rendering.look import Look

    for page in all_pages():
        for line in explained(page, Look(80)):
            assert line.cell_len <= 80, line.plain
