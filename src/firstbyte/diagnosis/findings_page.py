"""The reference page of all findings, generated from the rules."""

from collections.abc import Iterator

from firstbyte.diagnosis.registry import all_rules
from firstbyte.diagnosis.rule import Rule

_INTRODUCTION = """\
# Findings

Generated from the source by scripts/write-reference: do not edit.

`firstbyte explain ID` prints what a finding means, how to see it with other tools, and how to mend
it. Severities: **critical**, the request failed for it; **error**, it would fail for others or its
result cannot be trusted; **warning**, it works, but slowly or not for long; **info**, worth
knowing. A healthy target gives nothing above info. Some findings vary with what they see: the
table gives the usual severity.
"""


def findings_page() -> str:
    """The page in Markdown: a table for each layer, a row for each finding."""
    return "\n".join([_INTRODUCTION, *_tables()]).rstrip() + "\n"


def _tables() -> Iterator[str]:
    rules = all_rules()
    for layer in dict.fromkeys(rule.layer for rule in rules):
        yield f"## {layer}\n\n| id | severity | what | fix | see |\n|---|---|---|---|---|"
        yield from (_row(rule) for rule in rules if rule.layer == layer)
        yield ""


def _row(rule: Rule) -> str:
    cells = (f"`{rule.id}`", rule.severity, rule.title, rule.fix, rule.references[0])
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
