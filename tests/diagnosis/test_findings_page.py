from pathlib import Path

from firstbyte.diagnosis.findings_page import findings_page
from firstbyte.diagnosis.registry import all_rules

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "findings.md"


def test_the_published_page_is_current() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == findings_page(), "run scripts/write-reference and commit what it writes"


def test_every_finding_has_its_row() -> None:
    page = findings_page()
    assert [rule.id for rule in all_rules() if f"| `{rule.id}` |" not in page] == []
