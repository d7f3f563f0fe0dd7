"""All rules: every module of ``diagnosis.rules`` has one, as ``RULE``."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from firstbyte.diagnosis import rules as rules_package
from firstbyte.diagnosis.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id."""
    names = [module.name for module in iter_modules(rules_package.__path__)]
    modules = [import_module(f"{rules_package.__name__}.{name}") for name in names]
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: rule.id))


def rule(finding_id: str) -> Rule | None:
    """The rule with this id."""
    return next((one for one in all_rules() if one.id == finding_id), None)
