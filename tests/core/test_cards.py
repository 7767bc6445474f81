"""A card says what a set is, with how sure it is, also where little was counted."""

from __future__ import annotations

from datasets_app.core.cards import Facts, Source, card, licences
from datasets_app.core.statistics import wilson

COUNTS = {
    "train": 90, "validation": 10, "test": 0, "tokens": 5, "groups": 100, "mixed": 20,
    "findings": {"echo": {"severity": "error", "train": 6, "validation": 2, "test": 0}},
}  # fmt: skip


def test_a_rules_rate_is_of_the_datasets_own_samples():
    [line] = card(Facts("Rain"), COUNTS)["rules"]
    assert line == {
        "rule": "echo", "severity": "error", "samples": 8, "share": 0.1, "interval": list(wilson(8, 80)),
    }  # fmt: skip


def test_a_file_without_a_licence_has_the_datasets_and_a_mix_has_its_own():
    sources = (
        Source("a.jsonl", "upload", 50),
        Source("b.jsonl", "upload", 30, "CC-BY-4.0"),
        Source("General", "mix", 20),
    )
    found = licences(Facts("Rain", licence="own work", sources=sources))
    assert found == [
        {"licence": "own work", "samples": 50}, {"licence": "CC-BY-4.0", "samples": 30}, {"licence": "", "samples": 20},
    ]  # fmt: skip


def test_the_size_is_measured_for_the_task_on_the_training_side_without_general_samples():
    assert card(Facts("Rain", task="labels"), COUNTS)["size"]["samples"] == 70
    assert card(Facts("Rain"), COUNTS)["size"] is None


def test_a_snapshot_of_before_the_card_still_has_one():
    made = card(Facts("Old"), {"train": 1, "validation": 0, "test": 0})
    assert (made["samples"], made["rules"], made["test_set"]) == (1, [], None)
