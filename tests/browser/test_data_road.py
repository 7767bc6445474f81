"""The data half of the road in a real browser, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from datasets_app.models import Sample

from . import steps
from .conftest import Opener


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_lead_imports_corrects_freezes_and_downloads(
    open_browser: Opener, leo: Any, tmp_path: Path, locale: str
) -> None:
    one = open_browser(leo, locale=locale)
    one.axe = locale == "en-GB"
    dataset = steps.create_dataset(one)
    made = steps.upload(one, dataset, steps.written(tmp_path, steps.rows(broken=3)))
    assert (made.rows_accepted, made.rows_rejected) == (10, 0)

    said = steps.read_headline(one, dataset)
    assert "30.0" in said
    assert "echo" in said

    steps.correct_by_keyboard(one, dataset, "晴天被忘在门后，雨天才被想起。")
    first = Sample.objects.get(dataset=dataset, position=1)
    assert first.worst == 0
    assert first.has_rejected
    steps.accept_by_key(one)
    first.refresh_from_db()
    assert first.status == "accepted"

    snapshot = steps.freeze_snapshot(one, dataset)
    assert snapshot.counts["train"] + snapshot.counts["validation"] == 10
    file = steps.export(one, snapshot, reason="two are still to be corrected")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 10
    assert lines[0]["messages"][-1]["content"] == "晴天被忘在门后，雨天才被想起。"
    expect(one.page.locator("pre.code")).to_contain_text("sha256")
