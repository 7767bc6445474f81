"""The questions that are answered before a job may cost money. Plain values in, a list of answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftstudio.errors import InvalidInput, Text
from jobs_app.core.recipes import check_name


@dataclass(frozen=True, slots=True)
class Item:
    """One question: `ok` says whether it is answered well, `fatal` whether the job must wait until it is."""

    id: str
    label: Text
    ok: bool
    detail: Text
    fatal: bool


# What only a person can know. Training data is a demonstration of behaviour, so somebody has to have looked at it.
QUESTIONS: Mapping[str, Text] = {
    "behaviour": Text("The answers show exactly the behaviour that the model should have."),
    "prompting": Text("A better prompt alone did not get there."),
}


def checklist(
    *,
    name: str,
    name_rule: str = "plain",
    train_rows: int,
    validation_rows: int = 0,
    shared_rows: int = 0,
    minimum_rows: int = 10,
    error_findings: int = 0,
    waiver: str = "",
    credential: bool = False,
    base_model: str = "",
    price_known: bool = False,
    answers: Mapping[str, bool] | None = None,
) -> list[Item]:
    """Every precondition of a job, in the order in which a person would settle them.

    `error_findings` counts open error findings in the snapshot, `waiver` is the reason somebody gave for training
    in spite of them. `shared_rows` counts contents that stand on both sides of the split. `answers` are the
    person's own (`QUESTIONS`); None leaves these questions out.
    """
    items = [
        _findings(error_findings, waiver.strip()),
        _samples(train_rows, minimum_rows),
        _validation(validation_rows),
        _disjoint(validation_rows, shared_rows),
        _name(name, name_rule),
        Item(
            "base-model",
            Text("Base model"),
            bool(base_model),
            Text("{model} will be tuned.", model=base_model) if base_model else Text("Choose the model to tune."),
            fatal=True,
        ),
        Item(
            "credential",
            Text("Credential"),
            credential,
            Text("The connection has a credential.")
            if credential
            else Text("The connection has no credential. Add one on its page."),
            fatal=True,
        ),
        Item(
            "price",
            Text("Price"),
            price_known,
            Text("The estimate below uses a known price.")
            if price_known
            else Text("No price is known for this model, so the cost cannot be estimated."),
            fatal=False,
        ),
    ]
    for question, label in QUESTIONS.items() if answers is not None else ():
        confirmed = bool(answers and answers.get(question))
        detail = Text("Confirmed.") if confirmed else Text("Somebody who knows the data has to confirm this.")
        items.append(Item(question, label, confirmed, detail, fatal=True))
    return items


def blockers(items: list[Item]) -> list[Item]:
    """The items that keep the job from being launched."""
    return [item for item in items if item.fatal and not item.ok]


def _findings(errors: int, waiver: str) -> Item:
    if not errors:
        detail = Text("No open error in the snapshot.")
    elif waiver:
        detail = Text("{n} errors, waived: {reason}", n=errors, reason=waiver)
    else:
        detail = Text("{n} errors are open. Correct the samples, or waive them with a reason.", n=errors)
    return Item("findings", Text("Errors in the data"), not errors or bool(waiver), detail, fatal=True)


def _samples(rows: int, minimum: int) -> Item:
    ok = rows >= minimum
    if ok:
        detail = Text("{n} training rows; the provider asks for at least {minimum}.", n=rows, minimum=minimum)
    else:
        detail = Text("{n} training rows, but the provider needs at least {minimum}.", n=rows, minimum=minimum)
    return Item("samples", Text("Training rows"), ok, detail, fatal=True)


def _validation(rows: int) -> Item:
    if rows >= 20:
        detail = Text("{n} validation rows.", n=rows)
    elif rows:
        detail = Text("{n} validation rows show a trend at best; from 20 on they can carry a verdict.", n=rows)
    else:
        detail = Text("Without validation rows nobody can tell whether the model overfits.")
    return Item("validation", Text("Validation rows"), rows >= 20, detail, fatal=False)


def _disjoint(validation_rows: int, shared: int) -> Item:
    if shared:
        detail = Text("{n} rows stand on both sides of the split, so validation would flatter the model.", n=shared)
    elif validation_rows:
        detail = Text("No row stands on both sides of the split.")
    else:
        detail = Text("There is no validation set, so nothing can overlap.")
    return Item("disjoint", Text("Training and validation apart"), not shared, detail, fatal=True)


def _name(name: str, rule: str) -> Item:
    try:
        check_name(name, rule)
    except InvalidInput as refusal:
        says = refusal.fields["name"]
        return Item("name", Text("Name"), False, says if isinstance(says, Text) else Text(says), fatal=True)
    return Item("name", Text("Name"), True, Text("{name} can be used.", name=name), fatal=True)
