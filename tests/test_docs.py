"""The guides name everything that can be chosen, lead somewhere, and their examples work."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from rest_framework.test import APIClient

from datasets_app import tasks
from datasets_app.core.codecs import CODECS
from datasets_app.core.containers import CONTAINERS
from datasets_app.core.profiles import PROFILES
from datasets_app.core.rules import RULES
from datasets_app.core.sets import SET_RULES
from jobs_app.core.scorers import SCORERS
from jobs_app.providers import PROVIDERS
from tests import make
from tests.conftest import token_of

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
TWINS = sorted(page.name for page in (DOCS / "en").glob("*.md"))
WAITING = {"uploads": tasks.ingest_upload, "snapshots": tasks.freeze_snapshot, "exports": tasks.write_export}


def text_of(folder: Path) -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in folder.glob("*.md"))


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_codec_provider_profile_and_metric_is_named(language: str) -> None:
    said = set(re.findall(r"`([a-z0-9-]+)`", text_of(DOCS / language)))
    assert {*RULES, *SET_RULES, *CODECS, *CONTAINERS, *PROVIDERS, *PROFILES, *SCORERS} - said == set()


def test_every_link_and_picture_leads_to_a_file() -> None:
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose(page))
        if not target.startswith(("http:", "https:")) and not (page.parent / target).exists()
    ]
    assert lost == []


def test_every_picture_is_shown_or_kept_by_the_make_target() -> None:
    source = (ROOT / "tests" / "browser" / "screenshots.py").read_text(encoding="utf-8")
    kept = {path.stem for path in (DOCS / "screenshots").glob("*.png")}
    assert kept
    assert {name for name in kept if f'"{name}"' not in source and f'"{name.split("-")[-1]}"' not in source} == set()
    assert all(path.stat().st_size <= 200 * 1024 for path in (DOCS / "screenshots").glob("*.png"))


def test_both_languages_have_the_same_guides_with_the_same_parts() -> None:
    assert sorted(page.name for page in (DOCS / "zh").glob("*.md")) == TWINS
    for name in TWINS:
        parts = [re.findall(r"^#+", prose(DOCS / language / name), re.M) for language in ("en", "zh")]
        assert parts[0] == parts[1], name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_examples_for_the_api_work_as_they_stand(language: str, alice: Any, project: Any) -> None:
    names = {"TOKEN": token_of(alice)}
    ran = 0
    for line in _lines(language, "STUDIO"):
        if line.startswith("STUDIO="):
            names["STUDIO"] = line.partition("=")[2]
            continue
        name, command, path = re.fullmatch(r"(?:([A-Z]+)=\$\()?(curl .*?)(?: \| jq -r \.(\S+)\))?", line).groups()
        answer, url = _curl(Template(command).substitute(names))
        assert answer.status_code in (200, 201, 202), (line, answer)
        ran += 1
        if answer.streaming:  # a file is read to its end, which closes it
            assert len(b"".join(answer.streaming_content).splitlines()) == 40
        if name:
            names[name] = str(_pick(answer.json(), path))
            if run := WAITING.get(url.rstrip("/").split("/")[-1] if answer.status_code == 202 else ""):
                run(names[name])
    assert ran > 10


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_examples_for_the_commands_work_as_they_stand(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_bytes(make.jsonl(make.chats(12)))
    Path("contract.json").write_text('{"text": {"no_echo": true}}', encoding="utf-8")
    lines = list(_lines(language, "manage.py"))
    assert len(lines) == 2
    for line in lines:
        call_command(*shlex.split(line)[2:])
    assert len(Path("out.jsonl").read_text(encoding="utf-8").splitlines()) == 12


def _lines(language: str, word: str) -> list[str]:
    """The lines of the engineers' example that has the word in it."""
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / language / "engineers.md").read_text(encoding="utf-8"), re.S)
    [block] = [block for block in blocks if word in block]
    return block.splitlines()


def _curl(command: str) -> tuple[Any, str]:
    """What curl would do, done with the test client."""
    client, method, sent, files, url = APIClient(), "get", None, {}, ""
    words = iter(shlex.split(command)[1:])
    for word in words:
        if word == "--oauth2-bearer":
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {next(words)}")
        elif word == "--json":
            method, sent = "post", json.loads(next(words))
        elif word == "-X":
            method = next(words).lower()
        elif word == "-F":
            name, _, value = next(words).partition("=")
            method = "post"
            files[name] = SimpleUploadedFile("rows.jsonl", make.jsonl(make.chats(40))) if value[0] == "@" else value
        elif word == "-o":
            next(words)
        elif not word.startswith("-"):
            url = "/" + word.partition("://")[2].partition("/")[2]
    if files:
        return client.post(url, files, format="multipart"), url
    return getattr(client, method)(url, sent, **({"format": "json"} if method == "post" else {})), url


def _pick(data: Any, path: str) -> Any:
    """`results[0].id` of it, as jq would."""
    for name, place in re.findall(r"([a-z_]+)|\[(\d+)\]", path):
        data = data[name] if name else data[int(place)]
    return data
