"""Every provider, opened on recorded answers; what it is asked, and what its jobs and files are called here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Order, Provider

from .recorded import Exchange

RECORDINGS = Path(__file__).parent.parent / "recordings"
KINDS = [kind for kind, provider in PROVIDERS.items() if not provider.rehearsal]
TRAINED = [kind for kind in KINDS if not PROVIDERS[kind].manual]
SECRET = "sk-MARKER-0f9c/1d7e5b"
MARKER = "fts-0123456789abcdef0123456789abcdef"
# What each kind's connection asks for beside key and address, and what its jobs and files are called here.
OPTIONS: Mapping[str, dict[str, str]] = {
    "ark": {"access_key": "AKLTexample", "api_key": "ark-api-key-of-tests", "tos_bucket": "team-data"},
    "azure": {"subscription": "sub-1", "resource_group": "group", "account": "rain", "arm_token": "token-of-tests"},
    "fireworks": {"account": "acme"},
}
ADDRESSES = {"azure": "https://rain.openai.azure.com"}  # where a kind has none of its own
JOBS = {"ark": "mcj-1", "together": "ft-1", "fireworks": f"supervisedFineTuningJobs/{MARKER}"}
JOBS |= {"dashscope": "ft-202611201600-ab12"}
FILES = {"fireworks": "accounts/acme/datasets/ftstudio-1", "ark": "tos://team-data/ftstudio/1/train.jsonl"}
MODELS = {"ark": "doubao-lite@240828"}
TUNED = {"ark": "cm-9"}
MESSAGES = [{"role": "user", "content": "明天？"}]


def recordings(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The recordings of a kind by name; where one holds "{key}", the provider said our key."""
    paths = sorted((RECORDINGS / kind).glob("*.json"))
    return [(path.stem, json.loads(path.read_text(encoding="utf-8").replace("{key}", SECRET))) for path in paths]


def opened(kind: str, answers: Mapping[str, Any]) -> tuple[Provider, Exchange]:
    exchange = Exchange(answers)
    url = ADDRESSES.get(kind, "")
    return exchange.opened(kind, base_url=url, credential=SECRET, **OPTIONS.get(kind, {})), exchange


def order(kind: str, **more: Any) -> Order:
    recipe = Recipe.of(parse({}, PROVIDERS[kind].parameters))
    model = MODELS.get(kind) or PROVIDERS[kind].base_models[0].id
    return Order(**{
        "training_file": FILES.get(kind, "file-train"), "validation_file": None, "base_model": model,
        "recipe": recipe, "marker": MARKER, "name": "rain", **more,
    })  # fmt: skip


def calls(kind: str, file: Path, job: str = "", uploaded: str = "") -> dict[str, Callable[[Provider], Any]]:
    """Every question that can be put to a provider."""
    tuned = TUNED.get(kind, "tuned")
    job, uploaded = job or JOBS.get(kind, "ftjob-1"), uploaded or FILES.get(kind, "file-train")
    return {
        "probe": lambda p: p.probe(),
        "upload": lambda p: p.upload(file),
        "is_ready": lambda p: p.is_ready(uploaded),
        "find": lambda p: p.find(MARKER, training_file=uploaded),
        "create": lambda p: p.create(order(kind)),
        "quote": lambda p: p.quote(order(kind)),
        "report": lambda p: p.report(job),
        "cancel": lambda p: p.cancel(job),
        "pause": lambda p: p.pause(job),
        "resume": lambda p: p.resume(job),
        "models": lambda p: p.models(),
        "deploy": lambda p: p.deploy(tuned, "rain"),
        "serving": lambda p: p.serving(tuned),
        "served": lambda p: p.serving(tuned, "rain"),
        "chat": lambda p: p.chat(tuned, MESSAGES, temperature=0),
        "stream": lambda p: "".join(p.stream(tuned, MESSAGES, temperature=0)),
    }
