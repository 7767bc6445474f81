"""The API's description is kept in the repository, so that a change of the API is seen in a review."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command

KEPT = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"


def test_the_description_is_valid_complete_and_the_one_that_is_kept(tmp_path: Path) -> None:
    now = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(now))
    kept, made = KEPT.read_text(encoding="utf-8"), now.read_text(encoding="utf-8")
    assert made == kept, "The API has changed. If that is meant: make openapi, and commit docs/openapi.yaml"
