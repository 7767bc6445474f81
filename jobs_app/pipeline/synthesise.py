"""Carry out a synthesis: ask for a batch of pairs, let the contract sort them, write both down before the next ask.

Whatever kills the worker, the next one goes on from the candidates that are there: at most the ask that was on its way
is paid for a second time. It is counted before it is sent, so a worker that dies of each answer does not ask for ever.
Nothing of this enters the dataset; that is `services.synthesis.take`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

from django.db.models import F

from datasets_app.core import contracts, duplicates, samples
from datasets_app.core.engine import Checker
from datasets_app.models import Dataset, Revision, Sample
from ftstudio.errors import Text
from ftstudio.web.texts import say, to_row
from jobs_app.core import candidates
from jobs_app.core import synthesis as core
from jobs_app.core.inference import sent
from jobs_app.models import Candidate, Synthesis
from jobs_app.models.asking import AskingState
from jobs_app.providers.base import Provider, ProviderError, Reply

from .asking import booked, carry_on, close, hold, learnt, paid, ready
from .clients import client_of, held

AT_A_TIME = 5  # asks of one message; then other work of this worker gets its turn
CALL_SECONDS = 180.0  # for each step of a call: ten pairs take a slow model a while
SHOWN_FINDINGS = 8  # of one candidate


def run(synthesis_id: UUID | str) -> bool:
    """Ask for the next pairs. True: there is more to do, call again. Safe to call at any time, any number of times."""
    load = Synthesis.objects.select_related("connection", "dataset").defer("connection__credential")
    return carry_on(Synthesis.objects.all(), synthesis_id, load=load, some=_some, end=_end)


def prompt_of(row: Synthesis, asked: dict[str, int], known: Sequence[str] = ()) -> str:
    """What the model is sent."""
    return core.fill(
        row.template,
        rules=[say(text) for text in contracts.describe(contracts.parse(row.contract))],
        system_prompt=row.system_prompt,
        examples=examples_of(row.examples),
        asked=asked,
        known=known,
    )


def examples_of(kept: Sequence[int | dict[str, Any]]) -> list[samples.Sample]:
    """The pairs that the prompt shows, in their order: revisions by their ids, or the pairs themselves."""
    found = Revision.objects.in_bulk([one for one in kept if isinstance(one, int)])
    shown = []
    for one in kept:
        if isinstance(one, dict):
            shown.append(samples.from_data(one))
        elif one in found:
            shown.append(samples.from_json(found[one].payload))
    return shown


def checker_for(dataset: Dataset, contract: dict[str, Any]) -> Checker:
    """As the dataset's samples are graded, under the contract that the synthesis began with."""
    return Checker(contracts.parse(contract), dataset.profile, dataset.base_model)


def _some(row: Synthesis, key: str) -> bool:
    hold(row, key, state=AskingState.RUNNING)
    checker = checker_for(row.dataset, row.contract)
    with closing(client_of(row.connection, timeout=CALL_SECONDS)) as provider:
        for _ in range(AT_A_TIME):
            if _ended(row, key):
                return False
            _ask(row, key, provider, checker)
    if _ended(row, key):
        return False
    Synthesis.objects.release(row.pk, key)
    return True


def _ended(row: Synthesis, key: str) -> bool:
    """There are enough, or it has asked as often as it may."""
    if row.verified >= row.wanted:
        _end(row, key, AskingState.DONE)
    elif row.asks >= row.most_asks:
        said = Text("Stopped after {n} asks, before as many candidates were there as you wanted.", n=row.asks)
        _end(row, key, AskingState.DONE, said)
    else:
        return False
    return True


def _ask(row: Synthesis, key: str, provider: Provider, checker: Checker) -> None:
    ready(row, key)
    verified = row.candidates.filter(reason="")
    have = Counter(verified.order_by().values_list("domain", flat=True))
    known = list(verified.order_by("-number").values_list("question", flat=True)[: core.KNOWN])
    prompt = prompt_of(row, core.shares(row.wanted, row.domains, have), known)
    hold(row, key, asks=F("asks") + 1)
    row.asks += 1
    try:
        with held(row, key):
            reply = provider.chat(row.model, [{"role": "user", "content": prompt}], **sent(row.decoding))
    except ProviderError as refusal:
        if refusal.kind not in ("unavailable", "unknown-outcome"):  # surely not carried out: nothing is paid for it
            hold(row, key, asks=F("asks") - 1)
        raise
    _write(row, key, reply, _sorted(row, candidates.parse(reply.content, row.domains), checker))


def _sorted(row: Synthesis, lines: Iterable[candidates.Line], checker: Checker) -> list[Candidate]:
    """Each line of the answer as a candidate, or with the reason why it is none."""
    seen = set(row.candidates.filter(reason="").order_by().values_list("fingerprint", flat=True))
    first = row.candidates.count() + 1
    prompts = {"", row.system_prompt, *(one.system.text for one in examples_of(row.examples) if one.system)}
    found: list[Candidate] = []
    for number, line in enumerate(lines, start=first):
        pair = line.pair
        if pair is None:
            found.append(Candidate(synthesis=row, number=number, question=line.raw, reason=line.reason, chosen=False))
            continue
        verdict = (
            candidates.Verdict(line.reason) if line.reason else candidates.verify(pair, checker, row.system_prompt)
        )
        reason, fingerprint = verdict.reason, duplicates.question_fingerprint(candidates.sample_of(pair))
        if not reason and (fingerprint in seen or _in_dataset(row, pair, prompts)):
            reason = candidates.REPEATED
        if not reason:
            seen.add(fingerprint)
        found.append(
            Candidate(
                synthesis=row,
                number=number,
                domain=pair.domain,
                question=pair.question,
                wrong=pair.wrong,
                right=pair.right,
                reason=reason,
                fingerprint=fingerprint,
                chosen=not reason,
                findings=[
                    {"rule": one.rule, "message": to_row(one.message)} for one in verdict.findings[:SHOWN_FINDINGS]
                ],
            )
        )
    return found


def _in_dataset(row: Synthesis, pair: candidates.Pair, prompts: Iterable[str]) -> bool:
    """Whether a sample of the dataset asks the same: alone, or under one of the system prompts."""
    prints = [duplicates.question_fingerprint(candidates.sample_of(pair, prompt)) for prompt in sorted(prompts)]
    return Sample.objects.filter(dataset=row.dataset_id, question__in=prints).exists()


def _write(row: Synthesis, key: str, reply: Reply, found: list[Candidate]) -> None:
    """The candidates and what the synthesis says of itself together; nothing if the lease is gone."""
    verified = sum(not one.reason for one in found)
    tokens = reply.prompt_tokens, reply.completion_tokens
    counted = {"verified": verified, "refused": len(found) - verified}
    changes = {**learnt(row, reply), **{name: F(name) + more for name, more in counted.items()}}
    with paid(row, *tokens):
        hold(row, key, failures=0, says="", **changes, **booked(row, *tokens))
        Candidate.objects.bulk_create(found)
    for name, more in counted.items():
        setattr(row, name, getattr(row, name) + more)
    row.failures = 0


def _end(row: Synthesis, key: str, state: str, says: str | Text = "") -> None:
    close(row, key, state, says)
