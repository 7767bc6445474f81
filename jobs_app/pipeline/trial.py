"""Carry out a trial: ask one case after another, grade the answer, write it down before the next one is asked.

Whatever kills the worker, the next one goes on with the first case that has no outcome: at most the one that was being
asked is paid for a second time.
"""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from datasets_app.core import contracts, samples
from datasets_app.core.engine import Checker
from datasets_app.models import Revision
from ftstudio.errors import Text
from ftstudio.web.texts import to_row
from jobs_app.core import turns as sent
from jobs_app.core.judging import graded
from jobs_app.models import Advice, Trial, TrialCase
from jobs_app.models.asking import AskingState
from jobs_app.providers.base import Provider, ProviderError, Reply

from .asking import Lost, carry_on, close, hold
from .clients import client_of

AT_A_TIME = 20  # cases that one message asks; then other work of this worker gets its turn
PATIENCE = 6  # failures in a row before a case that gets no answer is given up
HOPELESS = 5  # cases that are refused from the start before the whole trial is
CALL_SECONDS = 40.0  # for each step of a call: less than a lease lasts


def run(trial_id: UUID | str) -> bool:
    """Ask the next cases. True: there are more, call again. Safe to call at any time, any number of times."""
    load = Trial.objects.select_related("connection", "advice").defer("connection__credential")
    return carry_on(Trial.objects.all(), trial_id, load=load, some=_some, end=_end)


def _some(trial: Trial, key: str) -> bool:
    hold(trial, key, state=AskingState.RUNNING)
    waiting = list(trial.cases.filter(outcome="").select_related("revision")[: AT_A_TIME + 1])
    if waiting:
        checker = Checker(contracts.parse(trial.contract))
        examples = _examples(trial)
        with closing(client_of(trial.connection, timeout=CALL_SECONDS)) as provider:
            for case in waiting[:AT_A_TIME]:
                hold(trial, key)
                _ask(trial, key, case, provider, checker, examples)
    if len(waiting) > AT_A_TIME:
        Trial.objects.release(trial.pk, key)
        return True
    _end(trial, key, AskingState.DONE)
    return False


def _examples(trial: Trial) -> list[samples.Sample]:
    known = Revision.objects.in_bulk(trial.examples)
    return [samples.from_json(known[pk].payload) for pk in trial.examples if pk in known]


def _ask(
    trial: Trial, key: str, case: TrialCase, provider: Provider, checker: Checker, examples: list[samples.Sample]
) -> None:
    sample = samples.from_json(case.revision.payload)
    turns = sent.asked(sample, trial.system_prompt, examples)
    decoding = dict(trial.decoding)
    if sample.tools:
        decoding["tools"] = list(sample.tools)
    try:
        reply = provider.chat(trial.model, sent.wire(turns), **decoding)
    except ProviderError as refusal:
        if not _only_this_case(trial, refusal):
            raise
        _write(trial, key, case, outcome="errored", findings=[{"rule": "", "message": to_row(refusal.sentence)}])
        if trial.asked == trial.errored >= HOPELESS:
            _end(trial, key, AskingState.FAILED, refusal.sentence)
            raise Lost from refusal
        return
    answer = sent.answer_of(reply.content, reply.tool_calls)
    found = graded(turns, answer, checker, sample.tools)
    _write(
        trial,
        key,
        case,
        outcome=found.verdict,
        answer=(answer.text or _calls(reply))[:100_000].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
        finish_reason=(reply.finish_reason or "")[:40],
        findings=[{"rule": rule, "message": to_row(message)} for rule, message in found.errors],
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cost=trial.cost_of(reply.prompt_tokens, reply.completion_tokens),
    )


def _only_this_case(trial: Trial, refusal: ProviderError) -> bool:
    """Whether the other cases may fare better: this one was refused, or has been tried long enough."""
    return refusal.kind in ("request", "conflict") or (refusal.kind == "unavailable" and trial.failures >= PATIENCE)


def _write(trial: Trial, key: str, case: TrialCase, *, outcome: str, **values: Any) -> None:
    """The case and the trial's counters together; nothing if the lease is gone."""
    cost = values.get("cost")
    counted = {
        "asked": 1,
        "strict": int(outcome == "passed"),
        "lenient": int(outcome in ("passed", "fenced")),
        "errored": int(outcome == "errored"),
        "prompt_tokens": values.get("prompt_tokens") or 0,
        "completion_tokens": values.get("completion_tokens") or 0,
    }
    changes: dict[str, Any] = {name: F(name) + more for name, more in counted.items()}
    if cost is not None:
        changes["cost"] = (trial.cost or Decimal(0)) + cost
    with transaction.atomic():
        hold(trial, key, failures=0, says="", **changes)
        TrialCase.objects.filter(pk=case.pk, outcome="").update(outcome=outcome, asked_at=timezone.now(), **values)
    for name, more in counted.items():
        setattr(trial, name, getattr(trial, name) + more)
    trial.cost, trial.failures = changes.get("cost", trial.cost), 0


def _calls(reply: Reply) -> str:
    return json.dumps(list(reply.tool_calls), ensure_ascii=False) if reply.tool_calls else ""


def _end(row: Trial, key: str, state: str, says: str | Text = "") -> None:
    """Close the trial and hand what it found to a record that is still open."""
    with transaction.atomic():
        if not close(row, key, state, says):
            return
        if state == AskingState.DONE:
            hand_in(row.pk)


def hand_in(trial_id: Any) -> None:
    """Write a trial's summary into its record, once, while that is open."""
    trial = Trial.objects.select_related("connection").defer("connection__credential").get(pk=trial_id)
    advice = Advice.objects.select_for_update().filter(pk=trial.advice_id, filed_at=None).first()
    if advice is None:
        return
    kept = [row for row in advice.measured if row.get("trial") != str(trial.pk)]
    advice.measured = [*kept, trial.summary]
    advice.save(update_fields=["measured"])
