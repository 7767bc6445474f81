"""What a tuned model saves in each call because it need not be told so much, and when its training is paid back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean
from typing import Any

from datasets_app.core import base_models, samples
from datasets_app.models import SnapshotEntry
from ftstudio.errors import InvalidInput, Text
from jobs_app.core.break_even import BreakEven, Prices, break_even
from jobs_app.core.inference import Contract
from jobs_app.models import ModelVersion

from .prices import price_of

LONGEST = 100_000  # characters of a prompt
LOOKED_AT = 200  # training answers, for the usual length of one


@dataclass(frozen=True, slots=True)
class Savings:
    """Tokens of the two prompts and of a usual answer, exact or estimated by `encoder`. `money` None: something is not
    known, and `missing` says what."""

    prompt_base: int
    prompt_tuned: int
    answer: int
    encoder: str
    exact: bool
    money: BreakEven | None
    spent: Decimal | None
    currency: str
    missing: tuple[Text, ...]

    @property
    def saved_tokens(self) -> int:
        return self.prompt_base - self.prompt_tuned

    @property
    def share(self) -> float:
        return self.saved_tokens / self.prompt_base if self.prompt_base else 0.0


def savings_of(version: ModelVersion, prompt: str, *, answer: Any = None) -> Savings:
    """Compare `prompt`, what the base model has to be told, with what the tuned model is told by its contract.

    `answer` is the tokens of a usual answer; left out, it is the mean of the training answers. Raises InvalidInput.
    """
    if not prompt.strip() or len(prompt) > LONGEST:
        raise InvalidInput(prompt=Text("Give the prompt that the base model needs, up to {n} characters.", n=LONGEST))
    encoder = base_models.encoder_for(version.job.base_model)
    length = _mean_answer(version, encoder) if answer in (None, "") else _whole(answer)
    base, tuned = encoder.count(prompt), encoder.count(Contract.of(version.contract).system)
    lines = {
        item: price_of(version.project_id, version.connection.kind, version.job.base_model, item)
        for item in ("base-input", "base-output", "input", "output")
    }
    missing = [_MISSING[item] for item, line in lines.items() if line is None]
    job = version.job
    if job.cost is None:
        missing.append(Text("what the training cost"))
    currencies = {line.currency for line in lines.values() if line} | (
        {job.currency} if job.cost is not None else set()
    )
    money = None
    if not missing and len(currencies) == 1 and job.cost is not None:
        amounts = {item: line.amount for item, line in lines.items() if line}
        money = break_even(
            prompt_base=base,
            prompt_tuned=tuned,
            answer=length,
            base=Prices(amounts["base-input"], amounts["base-output"]),
            tuned=Prices(amounts["input"], amounts["output"]),
            spent=job.cost,
        )
    elif not missing:
        missing.append(Text("prices in one currency"))
    return Savings(
        base, tuned, length, encoder.name, encoder.exact, money, job.cost,
        currencies.pop() if len(currencies) == 1 else "", tuple(missing),
    )  # fmt: skip


_MISSING = {
    "base-input": Text("the base model's price of input"),
    "base-output": Text("the base model's price of output"),
    "input": Text("the tuned model's price of input"),
    "output": Text("the tuned model's price of output"),
}


def _whole(raw: Any) -> int:
    try:
        number = int(str(raw).strip())
    except ValueError:
        number = -1
    if not 0 <= number <= 10**6:
        raise InvalidInput(answer=Text("Give a whole number of tokens."))
    return number


def _mean_answer(version: ModelVersion, encoder: Any) -> int:
    snapshot = version.job.snapshot
    if snapshot is None:
        return 0
    rows = SnapshotEntry.objects.filter(snapshot=snapshot, split="train").select_related("revision")
    answers = [samples.from_json(row.revision.payload).answer for row in rows.order_by("position")[:LOOKED_AT]]
    counts = [encoder.count(answer.text) for answer in answers if answer is not None]
    return round(fmean(counts)) if counts else 0
