"""Counters of the daemon, and their text for Prometheus."""

from collections import Counter
from dataclasses import dataclass, field

from firstbyte.protocols.dns.constants import rcode_name


@dataclass(slots=True)
class Statistics:
    """What has happened since the start."""

    questions: Counter[str] = field(default_factory=Counter)
    """By transport."""
    hits: int = 0
    """Answered by the wire cache."""
    answers: Counter[int] = field(default_factory=Counter)
    """By response code; those of the wire cache are not in it."""
    secure: int = 0
    bogus: int = 0
    refused: int = 0
    malformed: int = 0
    limited: int = 0
    asked: int = 0
    """Questions to servers."""

    def exposition(self, gauges: dict[str, float]) -> str:
        """Prometheus' text format; ``gauges`` are values of this moment."""
        lines = []
        for transport, count in sorted(self.questions.items()):
            lines.append(f'firstbyte_dns_questions_total{{transport="{transport}"}} {count}')
        for rcode, count in sorted(self.answers.items()):
            name = rcode_name(rcode)
            lines.append(f'firstbyte_dns_answers_total{{rcode="{name}"}} {count}')
        plain = {
            "wire_cache_hits_total": self.hits,
            "secure_answers_total": self.secure,
            "bogus_answers_total": self.bogus,
            "refused_clients_total": self.refused,
            "malformed_questions_total": self.malformed,
            "rate_limited_total": self.limited,
            "upstream_questions_total": self.asked,
        }
        lines += [f"firstbyte_dns_{name} {value}" for name, value in plain.items()]
        lines += [f"firstbyte_dns_{name} {value:g}" for name, value in gauges.items()]
        return "\n".join(lines) + "\n"
