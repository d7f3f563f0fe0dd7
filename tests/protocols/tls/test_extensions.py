"""Extensions: the reference page names every field that they give."""

from pathlib import Path

import pytest

from firstbyte.protocols.tls import extensions

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "tls-messages.md").read_text()


@pytest.mark.parametrize("key", sorted(key for key, _ in extensions._FORMS.values()))
def test_every_field_is_in_the_reference(key: str) -> None:
    named = "max_early_data_bytes" if key == "early_data" else key
    assert f"`{named}`" in PAGE or f"{named}:" in PAGE
