"""What becomes of cases that a model got wrong: corrections for the annotators, preference pairs, or similar ones.

The samples themselves are written by the data side (`datasets_app.services.returned`), in place and as training data
for good; what is kept here is which cases were sent. The two are written one after the other, and whoever was killed in
between sends again: the data side knows what it has taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.core.returning import Returned
from datasets_app.models import Revision
from datasets_app.models.snapshot import SnapshotEntry
from datasets_app.services import returned, views
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from jobs_app.core import failing
from jobs_app.core.scorers import SCORERS
from jobs_app.models import Arm, Case, Evaluation, Outcome

CORRECTION, PREFERENCE = WAYS = ("correction", "preference")
WINNER, REFERENCE = CHOSEN = ("winner", "reference")
SILENT = Text("The model gave no answer that could be shown.")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A case with the worse answer; `better` is that of the arm that got it right, None where only one is looked at."""

    case: Case
    worse: Outcome
    better: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What would be sent. `leaving` samples of the `held` on the evaluated side stop being held out; `only_right`: the
    model that is looked at would have nothing wrong among the cases that stay."""

    wrong: Sequence[Wrong]
    leaving: int
    held: int
    only_right: bool

    @property
    def n(self) -> int:
        return len(self.wrong)

    @property
    def warnings(self) -> list[Text]:
        said = []
        if self.leaving:
            said.append(Text(
                "{n} of the {held} held-out samples leave the side for good: later evaluations use others.",
                n=self.leaving, held=self.held,
            ))  # fmt: skip
        if self.leaving and self.only_right:
            said.append(Text(
                "Of the cases that stay, this model gets every one right that was asked here. Compared on them, a new "
                "model can only look worse: compare on another side or on fresh samples, or have similar ones written."
            ))  # fmt: skip
        return said


@dataclass(slots=True)
class Sent:
    """The cases that were taken, now or before, and why others were not; `tag` finds the samples."""

    tag: str
    taken: list[Case] = field(default_factory=list)
    refused: list[tuple[Case, Text]] = field(default_factory=list)


def wrong(
    evaluation: Evaluation, arm: Arm, *, against: Arm | None = None, cases: Collection[int] | None = None
) -> list[Wrong]:
    """What the arm got wrong, by case; `against` another arm: what either got wrong and the other right.

    `cases` are the numbers to choose from, None: all of them.
    """
    mine = _outcomes(arm, cases)
    deciding = _deciding(evaluation)
    if against is None:
        return [Wrong(one.case, one) for one in mine if failing.is_wrong(one.verdict, _says(deciding, one))]
    theirs = {one.case_id: one for one in _outcomes(against, cases)}
    found = []
    for one in mine:
        other = theirs.get(one.case_id)
        for worse, better in ((one, other), (other, one)):
            if (
                worse is not None
                and better is not None
                and failing.is_wrong(worse.verdict, _says(deciding, worse))
                and failing.is_right(better.verdict, _says(deciding, better))
            ):
                found.append(Wrong(one.case, worse, better))
    return found


def batch(
    evaluation: Evaluation, arm: Arm, *, against: Arm | None = None, cases: Collection[int] | None = None
) -> Batch:
    """What `send` would send of what was not sent yet, and what that does to the held-out side."""
    chosen = [one for one in wrong(evaluation, arm, against=against, cases=cases) if one.case.sent_at is None]
    if evaluation.side == returned.TRAIN or not chosen:
        return Batch(chosen, 0, 0, False)
    leaving = returned.leaving(evaluation.snapshot, [one.case.sample_id for one in chosen])
    entries = SnapshotEntry.objects.filter(snapshot=evaluation.snapshot, split=evaluation.side, mixed=False)
    everything = {one.case.pk for one in wrong(evaluation, arm) if one.case.sent_at is None}
    gone = {one.case.pk for one in chosen}
    return Batch(chosen, sum(leaving.values()), entries.count(), everything <= gone)


def send(
    *,
    actor: User,
    evaluation: Evaluation,
    arm: Arm,
    cases: Collection[int] | None = None,
    as_: str = CORRECTION,
    against: Arm | None = None,
    chosen: str = WINNER,
    to: str = "",
) -> Sent:
    """Give what the arm got wrong to the annotators: all of it, or the cases with these numbers.

    As a correction the arm's answer is the rejected one, and the sample's own the answer to check. As a preference pair
    it is what two arms disagree in, either way round: the winner's answer (or the sample's own: `chosen` "reference")
    over the loser's, to be judged on the pair desk. `to` assigns them to one person by user name. Sent twice, a case is
    sent once. Raises Conflict while models are still asked, InvalidInput for what cannot be sent.
    """
    require(actor, evaluation.project_id, "evaluations.send")
    _check(evaluation, arm, as_, against, chosen)
    if not evaluation.is_final:
        raise Conflict(Text("This evaluation is still running: wait for it."), code="running")
    pair = as_ == PREFERENCE
    found = wrong(evaluation, arm, against=against if pair else None, cases=cases)
    sent = Sent(tag_of(evaluation))
    if not found:
        raise InvalidInput(cases=Text("Among these cases there is nothing to learn from."))
    brought, left = _brought(evaluation, found, pair=pair, chosen=chosen)
    received = returned.receive(
        actor=actor, dataset=evaluation.dataset, source=_source(evaluation, arm, against if pair else None),
        returned=brought, snapshot=evaluation.snapshot, pair=pair, to=to,
    )  # fmt: skip
    for one in found:
        if one.case.sample_id in received.taken:
            sent.taken.append(one.case)
        else:
            why = left.get(one.case.sample_id) or received.refused.get(one.case.sample_id, returned.GONE)
            sent.refused.append((one.case, why))
    fresh = Case.objects.filter(pk__in=[case.pk for case in sent.taken], sent_at=None).update(sent_at=timezone.now())
    if fresh:
        AuditEntry.objects.record(
            actor=actor, verb="evaluations.send", target=evaluation, project=evaluation.project, cases=fresh, way=as_,
            arm=arm.model, against=against.model if pair and against else None,
        )  # fmt: skip
        _view(actor, evaluation)
    return sent


def tag_of(evaluation: Evaluation) -> str:
    """The tag that finds the samples of this evaluation in the dataset's list, and on the desk."""
    return f"evaluation-{evaluation.number}"


def key_of(evaluation: Evaluation) -> str:
    """As which piece of work the data side knows it: `RevisionSource.key`."""
    return f"evaluation:{evaluation.pk}"


def name_of(arm: Arm) -> str:
    return arm.version.alias if arm.version else arm.model


def examples(evaluation: Evaluation, arm: Arm, cases: Collection[int] | None = None) -> list[dict[str, Any]]:
    """What the arm got wrong as pairs (`core.samples` data), for a model that is to write similar ones."""
    found = wrong(evaluation, arm, cases=cases)
    brought, _ = _brought(evaluation, found, pair=False, chosen=REFERENCE)
    asked = Revision.objects.in_bulk([one.revision for one in brought])
    pairs = []
    for one in brought:
        sample = samples.from_json(asked[one.revision].payload)
        if one.wrong is not None and sample.answer is not None:
            pairs.append(samples.to_data(samples.Sample(sample.messages, rejected=(one.wrong,))))
    return pairs


def _outcomes(arm: Arm, cases: Collection[int] | None) -> Iterable[Outcome]:
    rows = Outcome.objects.filter(arm=arm).select_related("case__sample").order_by("case__number")
    return list(rows if cases is None else rows.filter(case__number__in=list(cases)))


def _deciding(evaluation: Evaluation) -> str:
    """The deciding metric, where it passes or fails each case; "" for one that only measures."""
    name = next(iter(evaluation.metrics), "")
    return name if name in SCORERS and SCORERS[name].kind == "pass" else ""


def _says(deciding: str, outcome: Outcome) -> bool | None:
    """Whether the deciding metric calls it right; None where it says no yes or no."""
    return SCORERS[deciding].is_right(outcome.scores) if deciding else None


def _check(evaluation: Evaluation, arm: Arm, as_: str, against: Arm | None, chosen: str) -> None:
    if as_ not in WAYS:
        raise InvalidInput(as_=Text("Choose one of {known}.", known=Listed(WAYS)))
    if chosen not in CHOSEN:
        raise InvalidInput(chosen=Text("Choose one of {known}.", known=Listed(CHOSEN)))
    if arm.evaluation_id != evaluation.pk:
        raise InvalidInput(arm=Text("Choose a model of this evaluation."))
    if as_ == PREFERENCE and (against is None or against.evaluation_id != evaluation.pk or against.pk == arm.pk):
        raise InvalidInput(against=Text("Choose another model of this evaluation."))


def _brought(
    evaluation: Evaluation, found: Sequence[Wrong], *, pair: bool, chosen: str
) -> tuple[list[Returned], dict[int, Text]]:
    """What is handed to the data side, and what cannot be: sample → why."""
    asked = Revision.objects.in_bulk([one.case.revision_id for one in found])
    brought, left = [], {}
    deciding = _deciding(evaluation)
    for one in found:
        content = samples.from_json(asked[one.case.revision_id].payload)
        worse = failing.as_turn(one.worse.answer, one.worse.calls, content.answer)
        better = None
        if pair and one.better is not None and (chosen == WINNER or content.answer is None):
            better = failing.as_turn(one.better.answer, one.better.calls, content.answer)
        if worse is None or (pair and better is None and content.answer is None):
            left[one.case.sample_id] = SILENT
            continue
        tags = failing.error_tags(one.worse.findings, deciding)
        brought.append(Returned(one.case.sample_id, one.case.revision_id, worse, better, tags))
    return brought, left


def _source(evaluation: Evaluation, arm: Arm, against: Arm | None) -> returned.From:
    if against is None:
        says = Text("Evaluation {n}: {model} answered this wrongly.", n=evaluation.number, model=name_of(arm))
    else:
        says = Text(
            "Evaluation {n}: {model} and {other} disagree here.", n=evaluation.number, model=name_of(arm),
            other=name_of(against),
        )  # fmt: skip
    path = reverse("pages:evaluation-detail", args=[evaluation.pk])
    return returned.From(key_of(evaluation), says, path, tag_of(evaluation))


def _view(actor: User, evaluation: Evaluation) -> None:
    """A tab above the dataset's list for everybody, as long as there is room for one."""
    name = f"{tag_of(evaluation)}"
    try:
        views.save(actor=actor, dataset=evaluation.dataset, name=name, filter={"tag": name}, shared=True)
    except InvalidInput:
        return  # the person has as many as one may have; the tag finds the samples all the same
