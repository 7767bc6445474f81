"""What the documents say is what the product does."""

from __future__ import annotations

import re

from ftstudio import version

from .running import ROOT


def test_the_version_is_the_newest_heading_of_the_changelog() -> None:
    assert version.current() == re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)[0]


def test_every_setting_from_the_environment_is_described_and_none_that_is_gone() -> None:
    source = (ROOT / "ftstudio" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'(?:env\.(?:text|flag|number|words)|_secret)\(\s*"([A-Z_]+)"', source))
    described = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.M))
    assert read - described == set()
    assert described - read == set()


def test_every_system_check_is_described() -> None:
    ids = set(re.findall(r"ftstudio\.[EW]\d{3}", (ROOT / "ftstudio" / "checks.py").read_text(encoding="utf-8")))
    assert ids == set(re.findall(r"ftstudio\.[EW]\d{3}", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))


def test_every_make_target_named_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for name in ("README.md", "CONTRIBUTING.md", "docs/operations.md"):
        named = set(re.findall(r"`make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")))
        assert named <= targets, name
