"""Poisoning a resolver's cache from off the path: what each defence is worth."""

from firstbyte.lab.experiments.dns_poisoning.race import Attack, facts, run
from firstbyte.lab.experiments.dns_poisoning.table import table
from firstbyte.lab.experiments.experiment import Experiment

EXPERIMENT = Experiment(
    name="dns-poisoning",
    title="Poisoning a cache from off the path: the odds with each defence",
    claim="Each defence multiplies what an attacker must guess (RFC 5452, 7).",
    settings=Attack,
    run=run,
    draw=table,
    facts=facts,
)
