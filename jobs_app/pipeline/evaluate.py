"""Ask one arm of an evaluation: a case after the other, each answer graded and written down before the next question.

Whatever kills the worker, the next one goes on with the first case that has no verdict: at most the one that was being
asked is paid for a second time, and its `tries` say so. Arms of one evaluation have leases of their own, so that
several workers ask side by side.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing as shutting
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from datasets_app.core import contracts, samples
from datasets_app.core.engine import Checker
from datasets_app.models import Revision
from ftstudio.errors import Text
from ftstudio.web.texts import to_row
from jobs_app.core.inference import Contract, sent
from jobs_app.core.outcomes import answered, unanswered
from jobs_app.core.scorers import SCORERS, Answered, scored
from jobs_app.core.turns import asked, wire
from jobs_app.models import Arm, Evaluation, Outcome
from jobs_app.models.asking import AskingState
from jobs_app.providers.base import Provider, ProviderError

from . import closing
from .asking import Lost, booked, carry_on, close, hold, learnt, paid, ready
from .clients import client_of, held

AT_A_TIME = 20  # cases that one message asks; then other work of this worker gets its turn
PATIENCE = 6  # failures in a row before a case that gets no answer is given up
HOPELESS = 5  # cases that are refused from the start before the whole arm is
CALL_SECONDS = 120.0  # for each step of a call; the lease is kept alive meanwhile
LONGEST = 100_000  # characters of an answer that are kept
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Way:
    """How an arm asks, read once for many cases: `asks` as its model was trained to be asked; `checker` holds the
    evaluation's yardstick, which is the same for all arms."""

    asks: Contract
    checker: Checker
    examples: list[samples.Sample]


def run(arm_id: UUID | str) -> bool:
    """Ask the next cases. True: there are more, call again. Safe to call at any time, any number of times."""
    load = Arm.objects.select_related("connection", "evaluation").defer("connection__credential")
    more = carry_on(Arm.objects.all(), arm_id, load=load, some=_some, end=_end)
    if not more and (found := Arm.objects.filter(pk=arm_id).values_list("evaluation_id", flat=True).first()):
        closing.close(found)
    return more


def _some(arm: Arm, key: str) -> bool:
    hold(arm, key, state=AskingState.RUNNING)
    Evaluation.objects.filter(pk=arm.evaluation_id, state=AskingState.WAITING).update(state=AskingState.RUNNING)
    waiting = list(arm.outcomes.filter(verdict="").select_related("case__revision")[:AT_A_TIME])
    if waiting:
        way = _way(arm)
        with shutting(client_of(arm.connection, timeout=CALL_SECONDS)) as provider:
            for outcome in waiting:
                _ask(arm, key, outcome, provider, way)
    # Looked for anew: meanwhile a person may have stopped it and had asked again what got no answer.
    if arm.outcomes.filter(verdict="").exists():
        Arm.objects.release(arm.pk, key)
        return True
    _end(arm, key, AskingState.DONE)
    return False


def _way(arm: Arm) -> Way:
    known = Revision.objects.in_bulk(arm.examples)
    form = {"system_prompt": arm.system_prompt, "written_as": arm.written_as, "decoding": arm.decoding}
    return Way(
        asks=Contract.of({**form, "contract": arm.contract}),
        checker=Checker(contracts.parse(arm.evaluation.contract)),
        examples=[samples.from_json(known[pk].payload) for pk in arm.examples if pk in known],
    )


def _ask(arm: Arm, key: str, outcome: Outcome, provider: Provider, way: Way) -> None:
    sample = samples.from_json(outcome.case.revision.payload)
    turns = asked(sample, arm.system_prompt, way.examples)
    own = asked(sample, arm.system_prompt)  # judged without the examples: what stands in them grounds no answer
    body = {**sent(arm.decoding), **way.asks.form(sample.question.text if sample.question else "")}
    if sample.tools:
        body["tools"] = [*body.get("tools", ()), *sample.tools]
    ready(arm, key)
    Outcome.objects.filter(pk=outcome.pk).update(tries=F("tries") + 1)  # remembered: who dies now has asked
    begun = time.monotonic()
    try:
        with held(arm, key):
            reply = provider.chat(arm.model, wire(turns), **body)
    except ProviderError as refusal:
        if not _only_this_case(arm, refusal):
            raise
        nothing = unanswered(
            own, checker=way.checker, reference=sample.answer, tools=sample.tools, tries=outcome.tries + 1
        )
        said = [{"rule": "", "message": to_row(refusal.sentence)}]
        _write(arm, key, outcome, verdict="errored", findings=said, scores=_scores(arm, nothing))
        if arm.asked == arm.errored >= HOPELESS:
            _end(arm, key, AskingState.FAILED, refusal.sentence)
            raise Lost from refusal
        return
    seconds = time.monotonic() - begun
    cost = arm.cost_of(reply.prompt_tokens, reply.completion_tokens)
    found = answered(
        own, reply.content, reply.tool_calls, checker=way.checker, reference=sample.answer, tools=sample.tools,
        finish_reason=reply.finish_reason, prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens, seconds=seconds, cost=cost, tries=outcome.tries + 1,
    )  # fmt: skip
    _write(
        arm,
        key,
        outcome,
        about=learnt(arm, reply),
        verdict=found.verdict,
        answer=_kept(
            found.answer.text or "\n".join(call.arguments for call in found.answer.tool_calls) or reply.refusal or ""
        ),
        calls=[_kept_call(call) for call in reply.tool_calls],
        finish_reason=found.finish_reason[:40],
        findings=[{"rule": rule, "message": to_row(message)} for rule, message in found.errors],
        scores=_scores(arm, found),
        seconds=seconds,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cost=cost,
    )


def _scores(arm: Arm, found: Answered) -> dict[str, float | None]:
    return scored([name for name in arm.evaluation.metrics if name in SCORERS], found)


def _kept(text: str) -> str:
    return text[:LONGEST].replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _kept_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """The call as it came, its arguments no longer than an answer."""
    said = call.get("function")
    arguments = said.get("arguments") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(arguments, str) or len(arguments) <= LONGEST:
        return dict(call)
    return {**call, "function": {**said, "arguments": _kept(arguments)}}


def _only_this_case(arm: Arm, refusal: ProviderError) -> bool:
    """Whether the other cases may fare better: this one was refused, or has been tried long enough."""
    return refusal.kind in ("request", "conflict") or (refusal.kind == "unavailable" and arm.failures >= PATIENCE)


def _write(
    arm: Arm, key: str, outcome: Outcome, *, verdict: str, about: Mapping[str, Any] = NOTHING, **values: Any
) -> None:
    """The outcome, the arm's counters and what was found out `about` its model together; nothing if the lease is
    gone."""
    tokens = values.get("prompt_tokens"), values.get("completion_tokens")
    counted = {
        "asked": 1,
        "strict": int(verdict == "passed"),
        "lenient": int(verdict in ("passed", "fenced")),
        "errored": int(verdict == "errored"),
    }
    changes = {name: F(name) + more for name, more in counted.items()}
    try:
        with paid(arm, *tokens):
            hold(arm, key, failures=0, says="", **about, **changes, **booked(arm, *tokens))
            now = timezone.now()
            Outcome.objects.filter(pk=outcome.pk, verdict="").update(verdict=verdict, asked_at=now, **values)
    except Lost:
        closing.amend(arm.evaluation_id)
        raise
    for name, more in counted.items():
        setattr(arm, name, getattr(arm, name) + more)
    arm.failures = 0


def _end(row: Arm, key: str, state: str, says: str | Text = "") -> None:
    close(row, key, state, says)
