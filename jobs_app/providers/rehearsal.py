"""The rehearsal server as a provider: the same wire as OpenAI, spoken to over real HTTP, and nothing is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ftstudio.errors import Text
from jobs_app.providers.base import BaseModel, Capabilities, Setting
from jobs_app.providers.openai import OpenAI

_SOURCE = "this installation"
_CHECKED = "2026-11-20"


class Rehearsal(OpenAI):
    """A dress rehearsal: every station of a job, at no cost. Its address is the one that the operator configured."""

    name: ClassVar[str] = "rehearsal"
    label: ClassVar[Text] = Text("Rehearsal (no model is trained)")
    default_base_url: ClassVar[str] = "http://127.0.0.1:8000/rehearsal/v1"
    hosts: ClassVar[tuple[str, ...]] = ()
    rehearsal: ClassVar[bool] = True
    poll_seconds: ClassVar[float] = 2.0
    requests_per_minute: ClassVar[int] = 6000  # nobody else's machine
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "credential",
            Text("Key"),
            secret=True,
            default="rehearsal-key",
            help=Text("Anything that begins with rehearsal-. Jobs and files are seen only with the same key."),
        ),
        Setting("base_url", Text("Base URL"), default=default_base_url),
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        source=_SOURCE, checked_on=_CHECKED, methods=("supervised", "dpo"), pause=True, checkpoints=True, marker=True,
        hooks=True,
    )  # fmt: skip
    base_models: ClassVar[tuple[BaseModel, ...]] = (
        BaseModel("rehearsal-small", "Rehearsal, small", _SOURCE, _CHECKED, price_per_million="0"),
        BaseModel("rehearsal-large", "Rehearsal, large", _SOURCE, _CHECKED, price_per_million="0"),
        *(replace(model, price_per_million="0") for model in OpenAI.base_models),
    )


PROVIDER = Rehearsal
