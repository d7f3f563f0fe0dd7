"""A protocol's states and the ways between them as data: what drives the code also explains it."""

from collections.abc import Iterable
from enum import Enum
from typing import Generic, TypeVar

from msgspec import Struct

S = TypeVar("S", bound=Enum)
C = TypeVar("C", bound=Enum)


class Transition(Struct, Generic[S, C], frozen=True):
    """In ``old``, ``cause`` leads to ``new``; ``sends`` says what goes out, ``why`` explains."""

    old: S
    cause: C
    new: S
    sends: str
    why: str
    section: str


def moves(table: Iterable[Transition[S, C]]) -> dict[tuple[S, C], S]:
    """Where each cause leads from each state."""
    return {(step.old, step.cause): step.new for step in table}


def listed(table: Iterable[Transition[S, C]]) -> list[str]:
    """Each state, and below it its ways: state, event / what is sent, why, section of the RFC."""
    by_state: dict[S, list[Transition[S, C]]] = {}
    for step in table:
        by_state.setdefault(step.old, []).append(step)
    steps = [step for own in by_state.values() for step in own]
    state_cells = max(len(step.new.value) for step in steps)
    action_cells = max(len(_action(step)) for step in steps)
    rows = []
    for old, own in by_state.items():
        rows.append(old.value)
        for step in own:
            state, action = step.new.value.ljust(state_cells), _action(step).ljust(action_cells)
            rows.append(f"  → {state}  {action}  {step.why} ({step.section})")
    return rows


def _action(step: Transition[S, C]) -> str:
    return f"{step.cause.value} / {step.sends}" if step.sends else str(step.cause.value)
