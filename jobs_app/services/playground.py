"""Asking a tuned model something, and its base model beside it, as the inference contract says. Nothing is stored but
what it cost.

Whoever asks keeps a thread of the web server busy until the answer is there. So an answer has a time after which it is
broken off, a person has two of them at once, and all people together leave threads to everybody else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.cache import cache

from datasets_app.core import samples
from datasets_app.models import SnapshotEntry
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, StudioError, Text
from ftstudio.web.texts import say, to_line
from jobs_app.core.inference import Contract
from jobs_app.core.replies import Heard, hear
from jobs_app.models import ModelVersion
from jobs_app.pipeline import rates, serving
from jobs_app.pipeline.clients import client_of
from jobs_app.providers.base import NOT_COUNTED, Pieces, Provider, ProviderError

from .playground_bills import Bill, billed

TUNED, BASE = ARMS = ("tuned", "base")
LONGEST = 20_000  # characters of one question
PATIENCE = 60.0  # seconds for each step of a call, in front of a person
LONGEST_ANSWER = 120.0  # seconds; then what has come is all there is
LARGEST = 8 * 1024**2  # bytes of an answer, as it comes over the wire
MOST_PIECES = 200_000  # characters of an answer that are passed on
AT_ONCE = 2  # answers that one person waits for: a model's and, beside it, its base model's
KEPT = 400  # seconds after which a place is free again whose process was killed: no call takes that long
ALTOGETHER = 4  # of all people, in all processes: half of the web server's threads
HELD_OUT = ("test", "validation")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read by the contract; `cost` None where price or tokens are not known, `seconds` by our clock."""

    arm: str
    model: str
    heard: Heard
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: Decimal | None
    currency: str
    seconds: float


def ask(
    *,
    actor: User,
    version: ModelVersion,
    question: str,
    arm: str = TUNED,
    system: str | None = None,
    temperature: float | None = None,
) -> Answer:
    """One answer of the tuned model, or (`arm` "base") of its base model, asked in the same way.

    `system` replaces the contract's system prompt, `temperature` (0 to 2) its decoding. Raises InvalidInput for a
    question that is empty or too long, Conflict where the project's budget does not reach, ProviderError as the
    provider refuses.
    """
    model, body = _request(actor, version, question, arm, system, temperature)
    begun = time.monotonic()
    with _asking(actor, version, arm, model, body) as (provider, bill):
        reply = provider.chat(model, body.pop("messages"), **body)
        bill.usage = reply.prompt_tokens, reply.completion_tokens
        bill.text = reply.content or reply.refusal or "".join(map(str, reply.tool_calls))
    seconds = time.monotonic() - begun
    cost, currency = bill.cost(bill.usage)
    return Answer(
        arm=arm,
        model=model,
        heard=hear(version.contract, question, (reply.content or reply.refusal or "")[:MOST_PIECES], reply.tool_calls),
        finish_reason=reply.finish_reason or "",
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cost=cost,
        currency=currency,
        seconds=seconds,
    )


def stream(
    *,
    actor: User,
    version: ModelVersion,
    question: str,
    arm: str = TUNED,
    system: str | None = None,
    temperature: float | None = None,
) -> Iterator[str]:
    """The same answer piece by piece. What cannot be asked is refused before the first piece is asked for."""
    model, body = _request(actor, version, question, arm, system, temperature)

    def passed_on() -> Iterator[str]:
        # Only now: an answer that nobody begins to read takes no place and opens no connection.
        with _asking(actor, version, arm, model, body) as (provider, bill):
            bill.usage = yield from _in_bounds(provider.stream(model, body.pop("messages"), **body), bill)

    return passed_on()


def _in_bounds(pieces: Pieces, bill: Bill) -> Pieces:
    """The pieces as long as that may go on. What has been heard is on the bill, also when nobody reads on."""
    until = time.monotonic() + LONGEST_ANSWER
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            return end.value or NOT_COUNTED
        left = MOST_PIECES - len(bill.text)
        bill.text += piece
        yield piece[:left]
        if len(piece) >= left or time.monotonic() > until:
            raise ProviderError(Text("The answer became too long and was broken off."), "unavailable")


@contextmanager
def _asking(
    actor: User, version: ModelVersion, arm: str, model: str, body: Mapping[str, Any]
) -> Iterator[tuple[Provider, Bill]]:
    """The account's client for one answer, and its bill. A tuned model that its provider no longer knows is written
    down as gone."""
    with (
        _place(actor),
        billed(actor, version, tuned=arm == TUNED, model=model, body=body) as bill,
        closing(client_of(version.connection, timeout=PATIENCE, max_bytes=LARGEST)) as provider,
    ):
        rates.spend(version.connection_id, 1)
        try:
            yield provider, bill
        except ProviderError as refusal:
            if refusal.kind == "missing" and arm == TUNED:
                serving.mark_gone(version, to_line(refusal.sentence, 300))
            raise


@contextmanager
def _place(actor: User) -> Iterator[None]:
    """One of the places for answers, given back at the end, or by itself where a process was killed.

    Raises Conflict while all are taken.
    """
    mine = _taken(f"playground:{actor.pk}", AT_ONCE)
    if mine is None:
        raise Conflict(Text("You wait for {n} answers already. Ask again when one has come.", n=AT_ONCE), code="busy")
    try:
        shared = _taken("playground", ALTOGETHER)
        if shared is None:
            raise Conflict(Text("Others wait for answers just now. Ask again in a moment."), code="busy")
        try:
            yield
        finally:
            cache.delete(shared)
    finally:
        cache.delete(mine)


def _taken(name: str, places: int) -> str | None:
    """The key of a place that was free and is taken now; None where there is none."""
    keys = (f"{name}:{n}" for n in range(places))
    return next((key for key in keys if cache.add(key, True, KEPT)), None)


def as_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Lines of JSON: `{"piece"}` each, at the end `{"end": true}`, or `{"refused"}` in the reader's language."""
    try:
        for piece in pieces:
            yield json.dumps({"piece": piece}, ensure_ascii=False) + "\n"
    except StudioError as refusal:
        yield json.dumps({"refused": say(refusal.message)}, ensure_ascii=False) + "\n"
    else:
        yield json.dumps({"end": True}) + "\n"


def held_out(version: ModelVersion, n: int = 4) -> list[str]:
    """Questions of the model's own snapshot that it was not trained on, the untouched side first."""
    snapshot = version.job.snapshot
    if snapshot is None:
        return []
    for side in HELD_OUT:
        rows = SnapshotEntry.objects.filter(snapshot=snapshot, split=side).select_related("revision")
        if found := [_question(row.revision.payload) for row in rows.order_by("position")[:n]]:
            return [text for text in found if text]
    return []


def _question(payload: Any) -> str:
    question = samples.from_json(payload).question
    return question.text if question else ""


def _request(
    actor: User, version: ModelVersion, question: str, arm: str, system: str | None, temperature: float | None
) -> tuple[str, dict[str, Any]]:
    """The model and the rest of the call's body. Asked of a tuned model, the form is the one it was trained in."""
    require(actor, version.project_id, "models.call")
    if (shut := rates.why_shut(version.connection)) is not None:
        raise Conflict(shut, code="stopped")
    if len(system or "") > LONGEST:
        raise InvalidInput(system=Text("At most {n} characters.", n=LONGEST))
    if arm not in ARMS:
        raise InvalidInput(arm=Text("Choose “tuned” or “base”."))
    if not question.strip():
        raise InvalidInput(question=Text("Ask something."))
    if len(question) > LONGEST:
        raise InvalidInput(question=Text("At most {n} characters.", n=LONGEST))
    if temperature is not None and not 0 <= temperature <= 2:
        raise InvalidInput(temperature=Text("Give a number from 0 to 2."))
    contract: Mapping[str, Any] = version.contract
    if system is not None:
        contract = {**contract, "system_prompt": system}
    model = version.called if arm == TUNED else version.job.base_model
    way = Contract.of(contract)
    body = way.request(model, question)
    del body["model"]
    if temperature is not None and way.temperature is not None:
        body["temperature"] = temperature
    return model, body
