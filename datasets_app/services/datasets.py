"""Datasets: making and changing them, and what their kept counters say about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from datasets_app import tasks
from datasets_app.core import contracts, profiles, sizes
from datasets_app.core.codecs.contrast import check_template
from datasets_app.core.engine import severity_of
from datasets_app.core.findings import RANK
from datasets_app.core.rules import RULES
from datasets_app.core.rules.base import Rule
from datasets_app.core.sets import SET_RULES
from datasets_app.core.sets.base import SetRule
from datasets_app.core.statistics import wilson
from datasets_app.models import Dataset, DatasetCount
from datasets_app.models.dataset import Desk, Mode
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.grading import checker_of
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue

from . import guidelines

__all__ = ["Headline", "RuleQuality", "checker_of", "counts", "create", "headline", "quality", "size", "update"]

CHANGEABLE = (
    "name", "description", "contract", "guideline", "system_prompt", "profile", "base_model", "task", "licence",
    "contrast_template", "mode", "overlap", "error_tags", "desk",
)  # fmt: skip
GRADED_BY = {"contract", "profile", "base_model"}  # what decides on findings and token counts
OVERLAPS = (2, 10)  # how few and how many people may annotate one sample apart
MOST_ERROR_TAGS = 30
_TEXT_LIMITS = {
    "name": 100, "description": 300, "guideline": 200_000, "system_prompt": 50_000, "base_model": 100, "licence": 100,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleQuality:
    """How many samples one rule speaks about: `n` of `total`, with the 95 % Wilson interval of the share (0 to 1)."""

    rule: str
    title: Text
    severity: str
    n: int
    total: int
    share: float
    low: float
    high: float


Headline = RuleQuality


def create(
    *,
    actor: User,
    project: Project,
    name: str,
    contract: Mapping[str, Any] | None = None,
    guideline: str = "",
    system_prompt: str = "",
    profile: str = "local",
    description: str = "",
    base_model: str = "",
    task: str = "",
    licence: str = "",
    contrast_template: str = "",
    mode: str = Mode.SINGLE,
    overlap: int = 2,
    error_tags: Sequence[str] = (),
    desk: str = "",
) -> Dataset:
    """Make a dataset. Raises InvalidInput for a contract, profile, name or other setting that cannot be used."""
    require(actor, project, "datasets.create")
    values = checked_settings(
        {
            "name": name,
            "description": description,
            "contract": contract or {},
            "guideline": guideline,
            "system_prompt": system_prompt,
            "profile": profile,
            "base_model": base_model,
            "task": task,
            "licence": licence,
            "contrast_template": contrast_template,
            "mode": mode,
            "overlap": overlap,
            "error_tags": error_tags,
            "desk": desk,
        }
    )
    dataset = Dataset(project=project, created_by=actor, **values)
    dataset.rule_set_version = checker_of(dataset).version
    with transaction.atomic():
        _save(dataset)
        guidelines.first_version(dataset, author=actor)
        AuditEntry.objects.record(actor=actor, verb="datasets.create", target=dataset, project=project)
    return dataset


def update(*, actor: User, dataset: Dataset, **changes: Any) -> Dataset:
    """Change some of the settings in `CHANGEABLE`.

    A new contract, profile or base model has every sample graded and its tokens counted again in the background; a new
    guideline counts its version up. After a check that broke, giving one of them again, changed or not, has it tried
    again. What was begun in one mode of work is ended in it (`core.workflow`); where fewer people are asked for than
    have annotated a sample, it is compared in the background.
    """
    require(actor, dataset.project_id, "datasets.update")
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        refused: dict[str, Any] = {name: Text("A dataset has no such setting.") for name in unknown}
        raise InvalidInput(**refused)
    values = checked_settings(changes)
    return past_deadlocks(partial(_update, actor, dataset.pk, values), in_turn=False)


@transaction.atomic
def _update(actor: User, pk: UUID, values: Mapping[str, Any]) -> Dataset:
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=pk)
    changed = {name: value for name, value in values.items() if getattr(dataset, name) != value}
    again = dataset.check_broke and bool(values.keys() & GRADED_BY)
    if not changed and not again:
        return dataset
    for name, value in changed.items():
        setattr(dataset, name, value)
    fields = [*changed, "changed_at"]
    if "guideline" in changed:
        guidelines.next_version(dataset, changed["guideline"], author=actor)
        fields.append("guideline_version")
    if again or changed.keys() & GRADED_BY:
        version = checker_of(dataset).version
        if version != dataset.rule_set_version or dataset.checking_version:
            dataset.checking_version, dataset.checked_to = version, 0
            fields += ["checking_version", "checked_to"]
            enqueue(tasks.check_dataset, dataset.pk)
    if changed.keys() & {"mode", "overlap"} and dataset.mode == Mode.OVERLAP:
        enqueue(tasks.settle_annotations, dataset.pk)
    _save(dataset, update_fields=fields)
    AuditEntry.objects.record(
        actor=actor, verb="datasets.update", target=dataset, project=dataset.project, changed=sorted(changed)
    )
    return dataset


def _save(dataset: Dataset, **how: Any) -> None:
    try:
        with transaction.atomic():
            dataset.save(**how)
    except IntegrityError as error:
        raise Conflict(
            code="name_taken",
            name=Text("This project has a dataset called “{name}” already: choose another name.", name=dataset.name),
        ) from error


_MOST_PROBLEMS = 10  # of a contract that are named at once


def checked_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as they are stored. Raises InvalidInput naming what cannot be used, all at once."""
    checked = dict(values)
    refused: dict[str, Any] = {}
    for name, limit in _TEXT_LIMITS.items():
        if name in checked:
            checked[name] = str(checked[name]).replace("\x00", "")
            if len(checked[name]) > limit:
                refused[name] = Text("At most {n} characters, please.", n=limit)
    if "name" in checked:
        checked["name"] = checked["name"].strip()
        if not checked["name"]:
            refused["name"] = Text("Give the dataset a name.")
    if "contract" in checked:
        try:
            checked["contract"] = contracts.to_data(contracts.parse(checked["contract"]))
        except InvalidInput as error:
            problems = [Text("{pointer}: {requirement}", pointer=path, requirement=text)
                        for path, text in error.fields.items()]  # fmt: skip
            refused["contract"] = Text("{x}", x=Listed(problems[:_MOST_PROBLEMS])) if problems else error.message
    if "profile" in checked and checked["profile"] not in profiles.PROFILES:
        known = Listed(profiles.PROFILES)
        refused["profile"] = Text("“{name}” is no profile: use one of {known}.", name=checked["profile"], known=known)
    for name in checked.keys() & {"base_model", "licence"}:
        checked[name] = checked[name].strip()
    if checked.get("task") and checked["task"] not in sizes.TASKS:
        known = Listed(sizes.TASKS)
        refused["task"] = Text("“{name}” is no kind of task: use one of {known}.", name=checked["task"], known=known)
    if "mode" in checked and checked["mode"] not in Mode.values:
        known = Listed(Mode.values)
        refused["mode"] = Text("“{name}” is no mode of work: use one of {known}.", name=checked["mode"], known=known)
    if checked.get("desk") and checked["desk"] not in Desk.values:
        known = Listed(Desk.values)
        refused["desk"] = Text("“{name}” is no desk: use one of {known}.", name=checked["desk"], known=known)
    least, most = OVERLAPS
    if "overlap" in checked and not least <= checked["overlap"] <= most:
        refused["overlap"] = Text("Between {least} and {most} people, please.", least=least, most=most)
    if "error_tags" in checked:
        try:
            checked["error_tags"] = _error_tags(checked["error_tags"])
        except InvalidInput as error:
            refused["error_tags"] = error.message
    if checked.get("contrast_template"):
        try:
            checked["contrast_template"] = check_template(checked["contrast_template"])
        except InvalidInput as error:
            refused["contrast_template"] = error.message
    if refused:
        raise InvalidInput(**refused)
    return checked


def _error_tags(names: Sequence[str]) -> list[str]:
    """The tags in the order of their keys, each once."""
    wanted = [" ".join(str(name).replace("\x00", "").split()) for name in names]
    if too_long := next((name for name in wanted if len(name) > 40), None):
        raise InvalidInput(error_tags=Text("The tag “{name}” is longer than 40 characters.", name=too_long[:60]))
    if len(wanted) > MOST_ERROR_TAGS:
        raise InvalidInput(error_tags=Text("At most {n} tags, please.", n=MOST_ERROR_TAGS))
    return [name for name in dict.fromkeys(wanted) if name]


def counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """The kept counters, kind → key → number of samples; kinds status, rule, split, tag and worst, zeros left out."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = DatasetCount.objects.filter(dataset=dataset, n__gt=0).order_by("key")
    for kind, key, n in rows.values_list("kind", "key", "n"):
        found[kind][key] = n
    return {kind: found[kind] for kind in ("status", "rule", "split", "tag", "worst")}


def size(dataset: Dataset, counted: Mapping[str, Mapping[str, int]]) -> sizes.Meter | None:
    """Whether the dataset has enough samples for its kind of task; rejected ones are not trained and do not count."""
    return sizes.meter(dataset.task, max(0, dataset.samples_total - counted["status"].get("rejected", 0)))


def quality(dataset: Dataset, counted: Mapping[str, Mapping[str, int]] | None = None) -> list[RuleQuality]:
    """What each rule found, the gravest severity first and then the most samples first.

    `counted` are the `counts`, where they and the dataset have just been read.
    """
    checker = checker_of(dataset)
    total = dataset.samples_total
    if counted is None:
        total = Dataset.objects.values_list("samples_total", flat=True).get(pk=dataset.pk)
        counted = counts(dataset)
    rows = []
    for rule, n in counted["rule"].items():
        n = min(n, total)
        low, high = wilson(n, total)
        severity = _severity(rule, checker)
        rows.append(RuleQuality(rule, _title(rule), severity, n, total, n / total if total else 0.0, low, high))
    return sorted(rows, key=lambda row: (-RANK.get(row.severity, 0), -row.n, row.rule))


def headline(dataset: Dataset) -> Headline | None:
    """The one sentence worth reading first: the rule that most samples break, errors before all others."""
    return next(iter(quality(dataset)), None)


def _rule(name: str) -> Rule | SetRule | None:
    """The rule of that name, about single samples or about the set; None for one that is gone."""
    return RULES.get(name) or SET_RULES.get(name)


def _title(name: str) -> Text:
    rule = _rule(name)
    return rule.title if rule else Text("{rule}", rule=name)


def _severity(name: str, checker: Any) -> str:
    rule = _rule(name)
    default = rule.severity if rule else "warning"
    return severity_of(name, default, contract=checker.contract, profile=checker.profile)
