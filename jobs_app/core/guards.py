"""What is allowed in a recipe and still hardly meant: each guard says what is seen, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ftstudio.errors import Text
from jobs_app.core.arithmetic import Arithmetic, scales
from jobs_app.core.lengths import Lengths
from jobs_app.core.recipes import Parameter, warnings
from jobs_app.core.recommender import LEAST_UPDATES

MOST_EXPOSURES = 10  # times that one row is shown; beyond that a small set is learnt by heart
LEAST_VALIDATION = 20  # rows; below that a validation figure is an anecdote
Z2 = 3.841458820694124  # the square of the normal quantile for 95 %
PREFIX = "guard:"  # of a confirmation among a job's waivers
ASKING = ("exposures", "no-schema")  # the guards that a launch may wait for
JSON_ONLY = frozenset(("json-content", "task-response"))  # the formats whose answers are JSON, whatever is in them


@dataclass(frozen=True, slots=True)
class Guard:
    """One remark about a recipe. `asks`: the launch waits until a person has confirmed it.

    `figure` is what it rests on: a confirmation holds for this figure only. `setting` names the field it is about.
    One that asks has a `heading` on the list of preconditions, and in `consent` what a person confirms by it.
    """

    id: str
    text: Text
    setting: str = ""
    asks: bool = False
    figure: str = ""
    heading: Text | None = None
    consent: Text | None = None

    @property
    def key(self) -> str:
        """Under which a confirmation of it is kept."""
        return f"{PREFIX}{self.id}:{self.figure}"


def guards(
    *,
    recipe: Mapping[str, Any],
    comes_to: Arithmetic,
    parameters: Iterable[Parameter] = (),
    lengths: Lengths | None = None,
    validation_rows: int = 0,
    before: Mapping[str, Any] | None = None,
) -> list[Guard]:
    """Everything to be said about a recipe, the gravest first. `before` is the recipe that it departs from: the
    parent's for a clone, the provider's defaults otherwise."""
    found = [
        _exposures(comes_to),
        _few_updates(comes_to),
        *(Guard(f"zero-{name}", text, name) for name, text in warnings(recipe, parameters).items()),
        _truncation(recipe, lengths),
        _scale(recipe, before or {}),
        _validation(validation_rows),
    ]
    return [guard for guard in found if guard is not None]


def passes(rows: int, steps: int, batch: int) -> float:
    """How often each row is shown in so many steps: 600 rows, 2,500 steps, batch 4 are 16.7 passes."""
    return steps * batch / rows if rows else 0.0


def wilson_of_all_right(n: int) -> float:
    """The lower end of the 95 % interval (Wilson) when all of n rows were right."""
    return n / (n + Z2) if n else 0.0


def _exposures(comes_to: Arithmetic) -> Guard | None:
    if comes_to.epochs <= MOST_EXPOSURES or not comes_to.rows:
        return None
    text = Text(
        "Each row is shown {n} times. Beyond {most} a small set is learnt by heart: lower the epochs, or confirm.",
        n=comes_to.epochs,
        most=MOST_EXPOSURES,
    )
    return Guard(
        "exposures",
        text,
        "epochs",
        asks=True,
        figure=str(comes_to.epochs),
        heading=Text("Passes over the data"),
        consent=Text("Show each row {n} times all the same", n=comes_to.epochs),
    )


def unchecked(codec: str, contract: Mapping[str, Any]) -> Guard | None:
    """Answers that are trained as JSON though no schema says what must be in them; None where one does."""
    if codec not in JSON_ONLY or (contract.get("json") or {}).get("schema"):
        return None
    text = Text(
        "The answers are trained as JSON, and no schema says what must be in them: nothing will check what the model "
        "answers. State the schema in the output contract and freeze again, or confirm."
    )
    heading, consent = Text("Schema of the answers"), Text("Train JSON without a schema all the same")
    return Guard("no-schema", text, "codec", asks=True, figure=codec, heading=heading, consent=consent)


def _few_updates(comes_to: Arithmetic) -> Guard | None:
    if comes_to.updates >= LEAST_UPDATES or not comes_to.rows:
        return None
    text = Text(
        "Only {n} updates: below {least} a run ends before much is learnt. Raise the epochs or lower the batch size.",
        n=comes_to.updates,
        least=LEAST_UPDATES,
    )
    return Guard("few-updates", text, "batch_size" if comes_to.batch_size > 1 else "epochs")


def _truncation(recipe: Mapping[str, Any], lengths: Lengths | None) -> Guard | None:
    limit = recipe.get("max_tokens")
    if lengths is None or not isinstance(limit, int) or not (over := lengths.over(limit)):
        return None
    text = Text(
        "{n} of {rows} training rows are longer than {limit} tokens and lose their end; 95 % have at most {p95}.",
        n=over,
        rows=lengths.rows,
        limit=limit,
        p95=lengths.quantile(0.95) or 0,
    )
    return Guard("truncation", text, "max_tokens")


def _scale(recipe: Mapping[str, Any], before: Mapping[str, Any]) -> Guard | None:
    now = scales(recipe.get("lora_rank"), recipe.get("lora_alpha"))
    was = scales(before.get("lora_rank"), before.get("lora_alpha"))
    same_rate = recipe.get("learning_rate") == before.get("learning_rate")
    if now is None or was is None or not same_rate or recipe.get("lora_alpha") == before.get("lora_alpha"):
        return None
    text = Text(
        "Alpha has changed and the learning rate has not: the adapter now counts {now} (was {was}) by alpha / rank, "
        "{root} (was {root_was}) by alpha / √rank. A stronger adapter wants a smaller rate.",
        now=f"{now[0]:.2f}",
        was=f"{was[0]:.2f}",
        root=f"{now[1]:.2f}",
        root_was=f"{was[1]:.2f}",
    )
    return Guard("scale", text, "lora_alpha")


def _validation(rows: int) -> Guard | None:
    if rows == 0 or rows >= LEAST_VALIDATION:
        return None
    text = Text(
        "{n} validation rows measure nothing: even if all are right, anything from {low} % is possible.",
        n=rows,
        low=round(100 * wilson_of_all_right(rows)),
    )
    return Guard("validation", text)


Task = Literal["label", "format", "json", "open", "preference"]


@dataclass(frozen=True, slots=True)
class Amount:
    """How many rows a kind of task wants: `some` to see an effect, `enough` to rely on it, and who says so."""

    label: Text
    some: int
    enough: int
    source: Text


_CASE = Text("advice of GLM-4's maintainers in a published two-label case: ideally 1,000 to 2,000")
AMOUNTS: Mapping[str, Amount] = {
    "label": Amount(Text("Labels"), 100, 1_000, _CASE),
    "format": Amount(
        Text("Form of the answer"), 40, 100, Text("a published case on Ark that got by with 42; OpenAI: from 50 to 100")
    ),
    "json": Amount(
        Text("Extraction"), 100, 1_000, Text("Alibaba Cloud Model Studio: at least 1,000 rows of supervised tuning")
    ),
    "open": Amount(
        Text("Open answers"), 50, 1_000, Text("OpenAI: from 50 good ones; Alibaba Cloud Model Studio: at least 1,000")
    ),
    "preference": Amount(Text("Preferences"), 30, 100, Text("Alibaba Cloud Model Studio: at least 100 pairs")),
}


@dataclass(frozen=True, slots=True)
class Size:
    """Where a data set stands: "few", "some" or "enough", of what its kind of task wants."""

    state: Literal["few", "some", "enough"]
    rows: int
    amount: Amount

    @property
    def text(self) -> Text:
        template = {
            "few": Text("{n} rows are few for this kind of task; see an effect from {some}, rely on it from {enough}."),
            "some": Text("{n} rows can show an effect; from {enough} on it can be relied on."),
            "enough": Text("{n} rows are enough for this kind of task."),
        }[self.state].template
        return Text(template, n=self.rows, some=self.amount.some, enough=self.amount.enough)


def task_of(contract: Mapping[str, Any], method: str = "supervised") -> Task:
    """What kind of task an output contract describes."""
    if method == "dpo":
        return "preference"
    if contract.get("labels"):
        return "label"
    if contract.get("json"):
        return "json"
    return "format" if contract.get("text") or contract.get("symbols") else "open"


def size_of(rows: int, task: Task) -> Size:
    """The meter of a data set's size."""
    amount = AMOUNTS[task]
    state: Literal["few", "some", "enough"] = (
        "enough" if rows >= amount.enough else "some" if rows >= amount.some else "few"
    )
    return Size(state, rows, amount)
