"""The JSON Schema of the journey, generated from the model so that it cannot disagree with it."""

from inspect import cleandoc
from typing import Any

import msgspec

from firstbyte.journey.model import SCHEMA_VERSION, Journey

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def journey_schema() -> dict[str, Any]:
    """The schema as JSON values (draft 2020-12).

    Fields that a later version adds are allowed: a reader ignores what it does not know.
    """
    schema = msgspec.json.schema(Journey)
    head = {
        "$schema": DIALECT,
        "title": "firstbyte journey",
        "description": f"One trace as firstbyte saves it; schema_version {SCHEMA_VERSION}.",
    }
    return _tidied(head | schema)  # type: ignore[no-any-return]


def schema_text() -> str:
    """The schema as it is published in docs/reference/journey.schema.json."""
    text = msgspec.json.format(msgspec.json.encode(journey_schema()), indent=1)
    return f"{text.decode()}\n"


def _tidied(value: Any) -> Any:
    """The same schema with docstrings free of their source's indentation."""
    if isinstance(value, dict):
        return {
            key: cleandoc(item) if key == "description" and isinstance(item, str) else _tidied(item)
            for key, item in value.items()
        }
    return [_tidied(item) for item in value] if isinstance(value, list) else value
