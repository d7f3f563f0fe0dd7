"""From a journey to its findings."""

from firstbyte.diagnosis.registry import all_rules
from firstbyte.diagnosis.rule import SEVERITIES, Observation, Rule
from firstbyte.journey.model import Finding, Journey


def diagnose(journey: Journey) -> tuple[Finding, ...]:
    """What is worth saying about a journey, worst first.

    Findings that say the same twice (of two hops, say) are given once.
    """
    found = {
        (rule.id, seen.finding): _finding(rule, seen)
        for rule in all_rules()
        for seen in rule.check(journey)
    }
    return tuple(sorted(found.values(), key=lambda f: (SEVERITIES.index(f.severity), f.id)))


def _finding(rule: Rule, seen: Observation) -> Finding:
    return Finding(
        id=rule.id,
        layer=rule.layer,
        severity=seen.severity or rule.severity,
        finding=seen.finding,
        evidence=seen.evidence,
        fix=seen.fix or rule.fix,
        reference=rule.references[0],
    )
