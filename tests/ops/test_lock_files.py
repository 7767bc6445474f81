"""The lists of what is installed: every file by its hash, no address of any index, nothing that is not needed."""

from __future__ import annotations

import re

import pytest

from .running import ROOT

LOCKS = ["requirements.txt", "requirements-test.txt"]
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)")


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(match.groups() for line in lines if (match := PINNED.match(line)))


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_an_index_or_a_place_to_download_from(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|git\+|file:|@ |--(extra-)?index|--find-links|--trusted-host", text)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_and_carries_hashes(name: str) -> None:
    blocks = re.split(r"^(?=\S)", re.sub(r"^\s*#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE), flags=re.M)
    blocks = [block for block in blocks if block.strip()]
    assert len(blocks) > 50
    assert [block.split("\n")[0] for block in blocks if not PINNED.match(block) or "--hash=sha256:" not in block] == []


def test_tests_run_on_the_very_versions_that_are_shipped() -> None:
    shipped, tested = pins("requirements.txt"), pins("requirements-test.txt")
    assert {name: version for name, version in shipped.items() if tested.get(name) != version} == {}


def test_what_we_left_out_stays_out() -> None:
    excluded = set((ROOT / "requirements.excludes").read_text().split())
    assert excluded.isdisjoint(pins("requirements.txt"))


def test_everything_asked_for_is_locked() -> None:
    asked = re.findall(r"^([A-Za-z0-9-]+)", (ROOT / "requirements.in").read_text(), flags=re.MULTILINE)
    assert {name.lower() for name in asked} <= set(pins("requirements.txt"))
