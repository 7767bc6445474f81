"""The questions that are answered before a job may cost money. Plain values in, a list of answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.guards import LEAST_VALIDATION, Guard, Size
from jobs_app.core.names import check_name
from jobs_app.core.preflight_facts import QUESTIONS, Account, Costs, Item, Target

SOON = 90  # days before a base model's end from which on it is worth a word


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
    rules: Sequence[str] = (),
    target: Target | None = None,
    size: Size | None = None,
    base_model: str = "",
    until: date | None = None,
    today: date | None = None,
    mismatches: Sequence[Text] = (),
    account: Account | None = None,
    costs: Costs | None = None,
    guards: Sequence[Guard] = (),
    confirmed: frozenset[str] = frozenset(),
    answers: Mapping[str, bool] | None = None,
    advice: Text | None = None,
) -> list[Item]:
    """Every precondition of a job, in the order in which a person would settle them.

    `error_findings` counts open error findings in the snapshot (of the `rules`), `waiver` is the reason somebody gave
    for training in spite of them. `shared_rows` counts contents that stand on both sides of the split. `mismatches` are
    the reasons for which the base model cannot be trained on this data. `guards` that ask wait to be `confirmed`.
    `answers` are the person's own (`QUESTIONS`); None leaves these questions out.
    """
    account, costs = account or Account(credential=False), costs or Costs(known=False)
    items = [
        _findings(error_findings, waiver.strip(), rules),
        *(_target(target) if target else ()),
        _samples(train_rows, minimum_rows),
        *([_size(size)] if size else ()),
        _validation(validation_rows),
        _disjoint(validation_rows, shared_rows),
        _name(name, name_rule),
        _base_model(base_model, until, today),
        *([_fits(mismatches)] if base_model else ()),
        _account(account),
        _price(costs),
        *([_budget(costs)] if costs.budget is not None else ()),
        *(_guard(guard, guard.key in confirmed) for guard in guards if guard.asks),
    ]
    for question, label in QUESTIONS.items() if answers is not None else ():
        said = bool(answers and answers.get(question))
        detail = Text("Confirmed.") if said else Text("Somebody who knows the data has to confirm this.")
        items.append(Item(question, label, said, detail, fatal=True, where="draft"))
    if advice is not None:
        items.append(Item("advice", Text("Decision record"), True, advice, fatal=False, where="advice"))
    return items


def blockers(items: list[Item]) -> list[Item]:
    """The items that keep the job from being launched."""
    return [item for item in items if item.fatal and not item.ok]


def _findings(errors: int, waiver: str, rules: Sequence[str]) -> Item:
    if not errors:
        detail = Text("No open error in the snapshot.")
    elif waiver:
        detail = Text("{n} errors, waived: {reason}", n=errors, reason=waiver)
    else:
        detail = Text("{n} errors are open. Correct the samples, or waive them with a reason.", n=errors)
    ok = not errors or bool(waiver)
    return Item("findings", Text("Errors in the data"), ok, detail, fatal=True, where="dataset", about=tuple(rules))


def _target(target: Target) -> list[Item]:
    """The provider's own rules, and the rows that are longer than it trains."""
    label, pending = Text("Rules of the provider"), False
    errors = target.errors or {}
    ok = target.state == "done" and (not errors or bool(target.waiver))
    if target.state == "waiting":
        pending = True
        detail = Text(
            "The rows are being gone through under the rules of {provider}: {n} of {total}.",
            provider=target.provider,
            n=target.rows,
            total=target.total,
        )
    elif target.state == "failed":
        detail = Text("Going through the rows broke off on our side. Save the draft to try again.")
    elif not errors:
        detail = Text("{provider} would refuse none of {n} rows.", provider=target.provider, n=target.rows)
    elif target.waiver:
        detail = Text("{n} errors, waived: {reason}", n=sum(errors.values()), reason=target.waiver)
    else:
        rule, positions = next(iter(errors)), (target.first or {}).get(next(iter(errors)), ())
        detail = Text(
            "{provider} would refuse rows by {rules}; {rule} first in {positions}. Correct or waive them.",
            provider=target.provider,
            rules=Listed(f"{name} ({n})" for name, n in errors.items()),
            rule=rule,
            positions=Listed(f"#{n}" for n in positions),
        )
    items = [Item("target-rules", label, ok, detail, fatal=True, where="dataset", about=tuple(errors), pending=pending)]
    if target.state == "done" and target.limit is not None:
        fits = Text("Every row fits into {limit} tokens.", limit=target.limit)
        cut = Text(
            "{n} rows are longer than {limit} tokens and are cut or dropped.", n=target.longer, limit=target.limit
        )
        label = Text("Length of the rows")
        items.append(
            Item("tokens", label, not target.longer, cut if target.longer else fits, fatal=False, where="dataset")
        )
    return items


def _samples(rows: int, minimum: int) -> Item:
    ok = rows >= minimum
    if ok:
        detail = Text("{n} training rows; the provider asks for at least {minimum}.", n=rows, minimum=minimum)
    else:
        detail = Text("{n} training rows, but the provider needs at least {minimum}.", n=rows, minimum=minimum)
    return Item("samples", Text("Training rows"), ok, detail, fatal=True, where="dataset")


def _size(size: Size) -> Item:
    detail = Text("{says} Source: {source}", says=size.text, source=size.amount.source)
    return Item("size", Text("Amount of data"), size.state == "enough", detail, fatal=False, where="dataset")


def _validation(rows: int) -> Item:
    if rows >= LEAST_VALIDATION:
        detail = Text("{n} validation rows.", n=rows)
    elif rows:
        detail = Text("{n} validation rows show a trend at best; from 20 on they can carry a verdict.", n=rows)
    else:
        detail = Text("Without validation rows nobody can tell whether the model overfits.")
    return Item("validation", Text("Validation rows"), rows >= LEAST_VALIDATION, detail, fatal=False, where="snapshot")


def _disjoint(validation_rows: int, shared: int) -> Item:
    if shared:
        detail = Text("{n} rows stand on both sides of the split, so validation would flatter the model.", n=shared)
    elif validation_rows:
        detail = Text("No row stands on both sides of the split.")
    else:
        detail = Text("There is no validation set, so nothing can overlap.")
    return Item("disjoint", Text("Training and validation apart"), not shared, detail, fatal=True, where="snapshot")


def _name(name: str, rule: str) -> Item:
    try:
        check_name(name, rule)
    except InvalidInput as refusal:
        says = refusal.fields["name"]
        return Item(
            "name", Text("Name"), False, says if isinstance(says, Text) else Text(says), fatal=True, where="draft"
        )
    return Item("name", Text("Name"), True, Text("{name} can be used.", name=name), fatal=True)


def _base_model(model: str, until: date | None, today: date | None) -> Item:
    label = Text("Base model")
    if not model:
        return Item("base-model", label, False, Text("Choose the model to tune."), fatal=True, where="draft")
    if until is None or today is None:
        return Item("base-model", label, True, Text("{model} will be tuned.", model=model), fatal=True)
    days, day = (until - today).days, until.isoformat()
    if days < 0:
        text = Text("{model} was stopped on {day}. Choose another one.", model=model, day=day)
        return Item("base-model", label, False, text, fatal=True, where="draft")
    text = Text("{model} stops on {day}, and what is tuned from it as well.", model=model, day=day)
    return Item("base-model", label, days > SOON, text, fatal=False, where="catalog")


def _fits(mismatches: Sequence[Text]) -> Item:
    label = Text("Data and model")
    if not mismatches:
        return Item(
            "capabilities", label, True, Text("Nothing in the data is known to be beyond the model."), fatal=True
        )
    return Item("capabilities", label, False, Text("{says}", says=Listed(mismatches)), fatal=True, where="catalog")


def _account(account: Account) -> Item:
    label, where = Text("Credential"), "connection"
    if not account.credential:
        text = Text("The connection has no credential. Add one on its page.")
        return Item("credential", label, False, text, fatal=True, where=where)
    if account.stopped:
        text = Text("Nothing is sent through this connection: {says}", says=account.stopped)
        return Item("credential", label, False, text, fatal=True, where=where)
    if account.error and account.fresh:
        text = Text("The provider did not accept it {n} minutes ago: {says}", n=account.probed or 0, says=account.error)
        return Item("credential", label, False, text, fatal=not account.probes, where=where)
    if not account.probes:
        return Item("credential", label, True, Text("The connection has a credential."), fatal=True)
    if account.fresh and account.probed is not None:
        return Item(
            "credential", label, True, Text("It opened the account {n} minutes ago.", n=account.probed), fatal=True
        )
    text = Text("It was not tried within the last hour; the launch tries it first.")
    return Item("credential", label, True, text, fatal=True)


def _price(costs: Costs) -> Item:
    label = Text("Price")
    if not costs.known:
        text = Text("No price is known for this model, so the cost cannot be estimated.")
        return Item("price", label, False, text, fatal=False, where="prices")
    text = Text("{amount} {currency} for a million tokens.", amount=costs.amount, currency=costs.currency)
    if not costs.confirmed:
        text = Text(
            "{amount} {currency} for a million tokens, unconfirmed: {source}.",
            amount=costs.amount,
            currency=costs.currency,
            source=costs.source,
        )
    return Item("price", label, costs.confirmed, text, fatal=False, where="prices")


def _budget(costs: Costs) -> Item:
    return Item("budget", Text("Budget"), False, costs.budget or Text(""), fatal=True, where="budgets")


def _guard(guard: Guard, confirmed: bool) -> Item:
    text = Text("{says} Confirmed.", says=guard.text) if confirmed else guard.text
    return Item(guard.id, guard.heading or guard.text, confirmed, text, fatal=True, where="draft")
