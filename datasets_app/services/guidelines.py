"""The guideline of a dataset: each version is kept, decisions carry the number of theirs, disputes ask for the next."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from datasets_app.models import Annotation, Dataset, Decision, Guideline
from datasets_app.models.guideline import GuidelineQuerySet
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import AuditEntry, Membership, User
from ftstudio.accounts.policy import require
from ftstudio.accounts.services import notifications
from ftstudio.errors import Conflict, InvalidInput, Text

LONGEST = 200_000
LONGEST_NOTE = 300


def versions(dataset: Dataset) -> GuidelineQuerySet:
    """Every version, newest first, with its author."""
    return Guideline.objects.filter(dataset=dataset).select_related("by").order_by("-number")


def publish(*, actor: User, dataset: Dataset, text: str, note: str = "", base: int | None = None) -> Guideline | None:
    """Put a new version in force; `note` says what is new. Everybody in the project hears of it.

    The same text as now makes no version: the newest one is given again (None where there never was any). `base` is
    the version that was opened for editing; Conflict `stale` if there is a newer one by now, with its text in details.
    """
    require(actor, dataset.project_id, "guidelines.update")
    text, note = text.replace("\x00", "").replace("\r\n", "\n"), note.replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise InvalidInput(text=Text("At most {n} characters, please.", n=LONGEST))
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(note=Text("At most {n} characters, please.", n=LONGEST_NOTE))

    def write() -> Guideline | None:
        now = Dataset.objects.select_for_update(no_key=True).select_related("project").get(pk=dataset.pk)
        if now.guideline == text:
            return versions(now).first()
        if base is not None and base != now.guideline_version:
            raise Conflict(
                Text("Somebody has published version {n} since you opened the guideline.", n=now.guideline_version),
                code="stale",
                details={"mine": text, "theirs": now.guideline, "version": now.guideline_version},
            )
        made = next_version(now, text, author=actor, note=note)
        now.save(update_fields=["guideline", "guideline_version", "changed_at"])
        AuditEntry.objects.record(
            actor=actor, verb="guidelines.publish", target=now, project=now.project, version=made.number, note=note
        )
        return made

    return past_deadlocks(transaction.atomic(write))


def next_version(dataset: Dataset, text: str, *, author: User, note: str = "") -> Guideline:
    """Set the dataset's guideline and keep the version, in the caller's transaction, which saves the dataset."""
    dataset.guideline_version += 1
    dataset.guideline = text
    made = Guideline.objects.create(
        dataset=dataset, number=dataset.guideline_version, text=text, note=note[:LONGEST_NOTE], by=author
    )
    _tell(dataset, made, author)
    return made


def first_version(dataset: Dataset, *, author: User) -> None:
    """Keep the text that a new dataset begins with, in the caller's transaction."""
    if dataset.guideline:
        Guideline.objects.create(dataset=dataset, number=dataset.guideline_version, text=dataset.guideline, by=author)


def decided_before(dataset: Dataset) -> int:
    """How many decisions that still stand were made by an older version than the present one."""
    older = Decision.objects.filter(sample__dataset=dataset, undone_at=None)
    older = older.filter(guideline_version__lt=dataset.guideline_version)
    return older.order_by().values("sample").distinct().count()


def is_new_to(actor: User, dataset: Dataset) -> bool:
    """Whether the version in force is newer than the one that the person last decided by; False for who never has."""
    decided = Decision.objects.filter(by=actor, sample__dataset=dataset).order_by("-pk")
    apart = Annotation.objects.filter(by=actor, dataset=dataset).order_by("-pk")
    known = [rows.values_list("guideline_version", flat=True).first() for rows in (decided, apart)]
    newest = max((number for number in known if number is not None), default=None)
    return newest is not None and newest < dataset.guideline_version


def _tell(dataset: Dataset, made: Guideline, author: User) -> None:
    people = Membership.objects.filter(project=dataset.project_id).values_list("user_id", flat=True)
    values = {"name": dataset.name, "n": made.number, "note": made.note}
    text = (
        Text("The guideline of {name} has a new version {n}: {note}", **values)
        if made.note
        else Text("The guideline of {name} has a new version {n}.", **values)
    )
    notifications.notify(
        people,
        kind=notifications.GUIDELINE,
        text=text,
        project=dataset.project,
        url=reverse("pages:guideline", args=[dataset.pk]),
        by=author,
        key=f"guideline:{dataset.pk}:{made.number}",
    )
