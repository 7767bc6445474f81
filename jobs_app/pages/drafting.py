"""What the page of a draft shows beside its fields: models, formats, advice, what it comes to, what is open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.core.codecs import CODECS
from ftstudio.errors import Text
from ftstudio.web.texts import clauses, say
from jobs_app.core.catalog import LABELS, Offer
from jobs_app.core.estimates import Miss
from jobs_app.core.guards import ASKING, JSON_ONLY
from jobs_app.core.preflight import SOON, blockers
from jobs_app.core.preflight_facts import Item
from jobs_app.core.prices import PriceLine
from jobs_app.core.recipes import shown
from jobs_app.core.recommender import Advised
from jobs_app.models import Job
from jobs_app.providers import PROVIDERS
from jobs_app.services import catalog, estimating, jobs, queue, recommendations
from jobs_app.services.prices import table

from .draft_forms import DraftForm, method_word, word_of
from .progress import duration

CONFIDENCE = {
    "high": Text("well founded"),
    "medium": Text("usual"),
    "low": Text("a guess"),
}
# What speaks for a format and what against it; the others are a provider's own way to write the same conversation.
TRADE_OFFS = {
    "json-content": Text(
        "The answer is JSON text: the simplest form, which every server can. We check it, nobody else."
    ),
    "task-response": Text(
        "The answer is the arguments of a tool call: servers check it more strictly, but it is more to build, and not "
        "every server can."
    ),
    "openai-chat": Text("The answer as it stands in the sample."),
    "openai-preference": Text("Each question with the better and the worse answer."),
}
# What the launch form itself settles: a reason for errors, a confirmation. The button waits for everything else.
SETTLED_BY_LAUNCH = frozenset(("findings", "target-rules", *ASKING))


@dataclass(frozen=True, slots=True)
class Format:
    """One wire format to choose. `why_not`: the reason for which it cannot be chosen."""

    name: str
    label: Text
    says: Text | None
    chosen: bool
    usual: bool
    why_not: Text | None
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class Model:
    """One base model of the list. `soon`: it stops within the next three months, or has stopped."""

    offer: Offer
    price: PriceLine | None
    soon: bool
    fill: str

    @property
    def source(self) -> Any:
        return self.offer.fact("methods")


@dataclass(frozen=True, slots=True)
class Advice:
    """What stands beside one field. `value` and `span` as people write them.

    `same`: the draft has it so. `rare`: nothing is recommended and nothing is set, so the field can stay folded away.
    """

    id: str
    value: str
    span: str
    reason: Text
    source: str
    confidence: Text
    others: str
    same: bool
    rare: bool


def method_of(job: Job) -> str:
    return str(job.recipe.get("method") or "supervised")


def context_of(job: Job, form: DraftForm) -> dict[str, Any]:
    """Everything that `jobs/draft.html` names, but the person's rights and the launch form."""
    items = jobs.preflight(job)
    provider = PROVIDERS[job.connection.kind]
    steps = form.steps_asked
    advised = recommendations.recommendation_of(job, steps=steps)
    expected = estimating.estimate_of(job)
    settings = [(field, advice_of(one, job)) for field, one in _beside(form, advised.advised)]
    return {
        "job": job,
        "form": form,
        "manual": provider.manual,
        "method": method_word(method_of(job)),
        "items": [(item, link_of(item, job)) for item in items],
        "open_items": len(blockers(items)),
        "barred": any(item.pending or item.id not in SETTLED_BY_LAUNCH for item in blockers(items)),
        "pending": any(item.pending for item in items),
        "asks": [g for g in advised.guards if g.asks and g.key not in recommendations.confirmed(job)],
        "guards": advised.guards,
        "estimate": expected,
        "miss": _miss(expected),
        "assumed": [field.label for field, _advice in settings if field.name in expected.get("assumed", ())],
        "takes": [duration(n) for n in (expected.get(key) for key in _TIMES) if n is not None],
        "recommendation": advised,
        "fill": json.dumps(_flat(advised.values), ensure_ascii=False),
        "settings": settings,
        "rare": [field.name for field, one in settings if one is not None and one.rare],
        "ahead_of_it": list(queue.may_follow(job)[:50]),
        "beyond": [advice_of(one, job) for one in advised.advised if one.extra and one.name not in form.fields],
        "models": models_of(job),
        "model": _chosen_model(job),
        "formats": formats_of(job),
        "open_questions": _unconfirmed(job),
        "presets": [
            {"label": preset.label, "values": json.dumps(dict(preset.values))} for preset in provider.presets
        ],
        "errors": [(_label(form, name), error) for name, errors in form.errors.items() for error in errors],
        "has_errors_in_data": any(item.id in ("findings", "target-rules") and not item.ok and not item.pending
                                  for item in items),
    }  # fmt: skip


def link_of(item: Item, job: Job) -> str:
    """Where an item is settled; "" where that is here, or nowhere."""
    dataset = job.snapshot.dataset_id if job.snapshot else None
    if item.ok:
        return ""
    if item.where == "dataset" and dataset:
        rule = f"?rule={item.about[0]}" if item.about and item.about[0] != "any" else ""
        return reverse("pages:dataset-detail", args=[dataset]) + rule + "#samples"
    if item.where == "snapshot" and dataset:
        return reverse("pages:dataset-detail", args=[dataset])
    if item.where == "connection":
        return reverse("pages:connection-update", args=[job.connection_id])
    if item.where in _PLACES:
        return reverse(_PLACES[item.where])
    return ""


_TIMES = ("seconds", "seconds_low", "seconds_high")
_PLACES = {"catalog": "pages:catalog-list", "prices": "pages:catalog-list", "budgets": "pages:budget-list"}


def formats_of(job: Job) -> list[Format]:
    """The wire formats of the job's method, each with what speaks for it and why it may not be had."""
    known = PROVIDERS[job.connection.kind].formats.get(method_of(job), ())
    offer = catalog.offer_of(job.project_id, job.connection.kind, job.base_model)
    has_json = bool(job.snapshot and (job.snapshot.contract or {}).get("json"))
    found = []
    for n, name in enumerate(known):
        reason = None
        if name == "task-response" and (refused := offer.why_not("tools")):
            reason = refused
        elif name in JSON_ONLY and job.snapshot is not None and not has_json:
            reason = Text("The dataset's contract names no JSON, so there is nothing to write this way.")
        chosen = job.codec == name or (not job.codec and n == 0)
        unsure = name == "task-response" and not offer.fact("tools").confirmed
        found.append(Format(name, CODECS[name].label, TRADE_OFFS.get(name), chosen, n == 0, reason, unsure))
    return found


def models_of(job: Job) -> list[Model]:
    """The base models of the provider, with price, end and source."""
    prices = {line.base_model: line for line in table(job.project_id, job.connection.kind) if line.item == "train"}
    return [
        _model(offer, prices.get(offer.base_model)) for offer in catalog.offers(job.project_id, job.connection.kind)
    ]


def advice_of(one: Advised | None, job: Job) -> Advice | None:
    """The advice for one field; None where there is nothing to say."""
    if one is None:
        return None
    present = job.recipe.get("extras", {}).get(one.name) if one.extra else job.recipe.get(one.name)
    span = ""
    if one.low is not None and one.high is not None and one.low != one.high:
        span = _("%(low)s to %(high)s") % {"low": shown(one.low), "high": shown(one.high)}
    others = [f"{_shown(other.value)} ({other.source})" for other in one.others]
    return Advice(
        id=f"advice-{one.name}",
        value=_("left to the provider") if one.value in (None, "auto") else str(word_of(_shown(one.value))),
        span=span,
        reason=one.reason,
        source=one.source,
        confidence=CONFIDENCE[one.confidence],
        others=clauses(others) if others else "",
        same=_same(present, one.value),
        rare=one.value is None and present is None,
    )


def _same(present: Any, value: Any) -> bool:
    if isinstance(present, int | float) and isinstance(value, int | float):
        return present == value
    return (present in (None, "") and value is None) or str(present) == str(value)


def _beside(form: DraftForm, advised: list[Advised]) -> list[tuple[Any, Advised | None]]:
    by_name = {one.name: one for one in advised}
    return [(field, by_name.get(field.name)) for field in form.settings]


def _flat(values: Any) -> dict[str, str]:
    """Recommended values by the name of their field; settings without a field go into the field of all others."""
    flat = {name: _shown(value) for name, value in values.items() if name != "extras"}
    if extras := values.get("extras"):
        flat |= extras
        flat["extras"] = "\n".join(f"{name} = {value}" for name, value in extras.items())
    return flat


def _chosen_model(job: Job) -> Model | None:
    if not job.base_model:
        return None
    offer = catalog.offer_of(job.project_id, job.connection.kind, job.base_model)
    return _model(offer, estimating.price_for(job))


def _model(offer: Offer, price: PriceLine | None) -> Model:
    soon = offer.until is not None and offer.until - timezone.localdate() < timedelta(days=SOON)
    return Model(offer, price, soon, json.dumps({"base_model": offer.base_model}))


def _unconfirmed(job: Job) -> list[Any]:
    """What no source settles of the model, in words: it can be tried, and the page says so."""
    offer = catalog.offer_of(job.project_id, job.connection.kind, job.base_model)
    names = ("tools", "images", "validation_file", "checkpoints", "pause")
    return [LABELS[name] for name in names if not offer.fact(name).confirmed]


def _miss(expected: dict[str, Any]) -> Text | None:
    told = expected.get("miss")
    return Miss(told["low"], told["high"], told["jobs"]).text if told else None


def _shown(value: Any) -> str:
    return shown(value) if isinstance(value, int | float) and not isinstance(value, bool) else say(str(value))


def _label(form: DraftForm, name: str) -> str:
    return str(form.fields[name].label) if name in form.fields else ""
