"""Finding the pages that somebody means: by id, by another program's words, or nearly so.

Kinds of pages register as sources: findings, errors, events, states, drawings, terms, causes.
"""

import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from functools import cache

from firstbyte.diagnosis.cause_pages import cause_pages
from firstbyte.diagnosis.error_pages import error_pages
from firstbyte.diagnosis.event_pages import event_pages
from firstbyte.diagnosis.glossary_pages import glossary_pages
from firstbyte.diagnosis.pages import Page, finding_page
from firstbyte.diagnosis.registry import all_rules
from firstbyte.diagnosis.state_pages import state_pages

MAX_TERM_CHARS = 500
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_ENOUGH = 0.72


def _finding_pages() -> Iterable[Page]:
    return (finding_page(rule) for rule in all_rules())


SOURCES: tuple[Callable[[], Iterable[Page]], ...] = (
    _finding_pages,
    error_pages,
    event_pages,
    state_pages,
    glossary_pages,
    cause_pages,
)


@cache
def all_pages() -> tuple[Page, ...]:
    """Every page of every kind."""
    return tuple(page for source in SOURCES for page in source())


def find(term: str) -> list[Page]:
    """The pages that ``term`` may mean, best first; empty when it means nothing known.

    A term may be an id, a part of one, an error code of another program, or a line of its output:
    "tls.cert.expired", "expired", "ECONNREFUSED", "curl: (60) SSL certificate problem: …". Exact
    names stand alone, then exact words of other programs.
    """
    wanted = plain(term[:MAX_TERM_CHARS])
    if not wanted:
        return []
    for exact in (_named(wanted), _also_called(wanted)):
        if exact:
            return exact
    scored = [(score, page) for page in all_pages() if (score := _score(wanted, page)) >= _ENOUGH]
    scored.sort(key=lambda pair: -pair[0])
    return [page for _, page in scored]


def _named(wanted: str) -> list[Page]:
    return [page for page in all_pages() if wanted == plain(page.name)]


def _also_called(wanted: str) -> list[Page]:
    return [page for page in all_pages() if wanted in _names(page)]


def suggestions(term: str, count: int = 3) -> list[str]:
    """Names of pages that look a little like ``term``: for "did you mean"."""
    wanted = plain(term[:MAX_TERM_CHARS])
    ratios = [
        (max(SequenceMatcher(None, wanted, each).ratio() for each in _names(page)), page.name)
        for page in all_pages()
    ]
    return [name for ratio, name in sorted(ratios, reverse=True)[:count] if ratio > 0.4]


def plain(text: str) -> str:
    """Lower case, every run of other characters than letters and digits one space."""
    return _NOT_A_WORD.sub(" ", text.lower()).strip()


@cache
def _names(page: Page) -> tuple[str, ...]:
    return tuple(plain(name) for name in (page.name, *page.aliases))


def _score(wanted: str, page: Page) -> float:
    """How well a page fits: 1 for words in common order, less for likeness."""
    best = max(_likeness(wanted, known) for known in _names(page))
    if f" {wanted} " in f" {plain(page.title)} ":
        best = max(best, 0.8)
    return best


def _likeness(wanted: str, known: str) -> float:
    if f" {known} " in f" {wanted} ":
        # A line of output that contains the known words: the longer they are, the surer.
        return 0.9 + min(len(known), 99) / 1000
    if f" {wanted} " in f" {known} ":
        return 0.85 + len(wanted) / len(known) / 20
    if abs(len(wanted) - len(known)) > 0.4 * len(known):
        return 0.0
    return SequenceMatcher(None, wanted, known).ratio()
