"""Scenarios: a world, its faults and its programs in one TOML file (docs/reference/scenario.md)."""

from firstbyte.lab.scenario.model import Scenario, read_scenario
from firstbyte.lab.scenario.run import ProgramResult, run_scenario

__all__ = ["ProgramResult", "Scenario", "read_scenario", "run_scenario"]
