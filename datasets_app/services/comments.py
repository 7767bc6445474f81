"""Comments on samples: writing, changing, resolving; who is mentioned is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from datasets_app.core.fixing import texts_of
from datasets_app.core.mentions import mentioned
from datasets_app.core.samples import Sample as Content
from datasets_app.core.samples import from_json
from datasets_app.models import Comment, Revision, Sample
from datasets_app.models.comment import CommentQuerySet
from datasets_app.pipeline.attempts import past_deadlocks
from ftstudio.accounts.models import Project, User
from ftstudio.accounts.policy import require
from ftstudio.accounts.services import notifications
from ftstudio.errors import InvalidInput, NotAllowed, Text

from . import annotations as annotating
from .given import check_client_id

LONGEST = 5000
_PATH = 300
_QUOTED = 200  # characters of a passage that are shown with a comment


def on(sample: Sample, *, actor: User | None = None) -> CommentQuerySet:
    """The sample's comments, oldest first, with their authors; for an `actor` who has still to come to a verdict of
    their own, only what they have said themselves."""
    rows = Comment.objects.filter(sample=sample).select_related("by", "resolved_by").order_by("id")
    return rows.filter(by=actor) if actor is not None and annotating.blind(sample, actor) else rows


def quotes(thread: Collection[Comment]) -> dict[int, str]:
    """The passages that these comments of one sample are about, by comment, as they stood in its revision."""
    about = [comment for comment in thread if comment.path and comment.start is not None]
    numbers = {comment.revision for comment in about}
    rows = Revision.objects.filter(sample=about[0].sample_id, number__in=numbers).order_by() if about else ()
    texts = {row.number: _texts(from_json(row.payload)) for row in rows}
    found = {one.pk: texts.get(one.revision, {}).get(one.path, "")[one.start : one.end] for one in about}
    return {pk: quote if len(quote) <= _QUOTED else f"{quote[:_QUOTED]}…" for pk, quote in found.items() if quote}


def _texts(content: Content) -> dict[str, str]:
    """The texts that a comment can be about, by their path."""
    thoughts = ((f"/messages/{at}/reasoning", turn.reasoning) for at, turn in enumerate(content.messages))
    return {**dict(texts_of(content)), **{path: text for path, text in thoughts if text}}


def members(project: Project) -> list[User]:
    """Who can be mentioned: the people in the project, by name."""
    return list(User.objects.filter(memberships__project=project, is_active=True).order_by("username"))


def add(
    *,
    actor: User,
    sample: Sample,
    text: str,
    path: str = "",
    start: int | None = None,
    end: int | None = None,
    client_id: str | None = None,
) -> Comment:
    """Say something about the sample as it is now; `path`, `start` and `end` point at a passage, as a finding's do.

    Who is mentioned with @username is told, and so is everybody who has commented here before. The same `client_id`
    again gives the same comment. Raises InvalidInput for an empty or too long text or a passage that is none.
    """
    dataset = sample.dataset
    require(actor, dataset.project_id, "comments.create")
    check_client_id(client_id)
    text = _text(text)
    _check_passage(path, start, end)

    def write() -> Comment:
        now = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        if client_id and (before := on(now).filter(client_id=client_id).first()):
            return before
        meant = _mentions(text, dataset.project)
        made = Comment.objects.create(
            dataset=dataset, sample=now, revision=now.revision_number, by=actor, text=text, path=path, start=start,
            end=end, mentions=[person.pk for person in meant], client_id=client_id or None,
        )  # fmt: skip
        Sample.objects.filter(pk=now.pk).update(comments_open=F("comments_open") + 1)
        _tell(made, meant, actor, dataset.project)
        return made

    return past_deadlocks(transaction.atomic(write))


def change(*, actor: User, comment: Comment, text: str) -> Comment:
    """Put other words into one's own comment. People mentioned only now are told."""
    require(actor, comment.dataset.project_id, "comments.create")
    _own(actor, comment)
    text = _text(text)

    def write() -> Comment:
        project = comment.dataset.project
        fresh = [person for person in _mentions(text, project) if person.pk not in comment.mentions]
        comment.text, comment.changed_at = text, timezone.now()
        comment.mentions = [*comment.mentions, *(person.pk for person in fresh)]
        comment.save(update_fields=["text", "changed_at", "mentions"])
        _notify(comment, fresh, actor, project, notifications.MENTIONED)
        return comment

    return past_deadlocks(transaction.atomic(write))


def resolve(*, actor: User, comment: Comment) -> Comment:
    """Say that it is dealt with. Safe to repeat: who was first stays."""
    return _settle(actor, comment, done=True)


def reopen(*, actor: User, comment: Comment) -> Comment:
    """Say that it is not dealt with after all. Safe to repeat."""
    return _settle(actor, comment, done=False)


def remove(*, actor: User, comment: Comment) -> None:
    """Take one's own comment away. Safe to repeat."""
    require(actor, comment.dataset.project_id, "comments.create")
    _own(actor, comment)

    def write() -> None:
        Sample.objects.select_for_update(no_key=True).get(pk=comment.sample_id)
        was_open = Comment.objects.filter(pk=comment.pk, resolved_at=None).exists()
        if Comment.objects.filter(pk=comment.pk).delete()[0] and was_open:
            Sample.objects.filter(pk=comment.sample_id).update(comments_open=F("comments_open") - 1)

    past_deadlocks(transaction.atomic(write))


def _settle(actor: User, comment: Comment, *, done: bool) -> Comment:
    require(actor, comment.dataset.project_id, "comments.resolve")
    changes = (
        {"resolved_at": timezone.now(), "resolved_by": actor} if done else {"resolved_at": None, "resolved_by": None}
    )

    def write() -> None:
        Sample.objects.select_for_update(no_key=True).get(pk=comment.sample_id)
        if Comment.objects.filter(pk=comment.pk, resolved_at__isnull=done).update(**changes):
            Sample.objects.filter(pk=comment.sample_id).update(comments_open=F("comments_open") + (-1 if done else 1))

    past_deadlocks(transaction.atomic(write))
    return Comment.objects.select_related("by", "resolved_by", "dataset__project").get(pk=comment.pk)


def _own(actor: User, comment: Comment) -> None:
    if comment.by_id != actor.pk:
        raise NotAllowed(Text("Only who wrote a comment can change it or take it away."))


def _text(text: str) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise InvalidInput(text=Text("Write what you want to say."))
    if len(text) > LONGEST:
        raise InvalidInput(text=Text("At most {n} characters, please.", n=LONGEST))
    return text


def _check_passage(path: str, start: int | None, end: int | None) -> None:
    if len(path) > _PATH or "\x00" in path:
        raise InvalidInput(path=Text("At most {n} characters, please.", n=_PATH))
    whole = start is None and end is None
    if not whole and not (path and start is not None and end is not None and 0 <= start <= end < 2**31):
        raise InvalidInput(start=Text("A passage has a path, a start and an end that is not before it."))


def _mentions(text: str, project: Project) -> list[User]:
    people = {person.username: person for person in members(project)}
    return [people[name] for name in mentioned(text, people)]


def _tell(comment: Comment, meant: Iterable[User], actor: User, project: Project) -> None:
    meant = list(meant)
    _notify(comment, meant, actor, project, notifications.MENTIONED)
    before = Comment.objects.filter(sample=comment.sample_id).exclude(by__in=[*meant, actor]).order_by()
    others = before.values_list("by", flat=True).distinct()
    _notify(comment, others, actor, project, notifications.COMMENTED)


def _notify(comment: Comment, people: Iterable[User | int], actor: User, project: Project, kind: str) -> None:
    """Tell them; who has still to judge the sample alone hears that something was said, not what."""
    asked = {person.pk if isinstance(person, User) else person for person in people}
    told = list(User.objects.filter(pk__in=asked))
    alone = [person for person in told if annotating.blind(comment.sample, person)]
    said = {"who": str(actor), "number": str(comment.sample)}
    words = {**said, "text": comment.text[:80]}
    if kind == notifications.MENTIONED:
        whole = Text("{who} mentioned you on sample {number}: {text}", **words)
        short = Text("{who} mentioned you on sample {number}.", **said)
    else:
        whole = Text("{who} commented on sample {number}: {text}", **words)
        short = Text("{who} commented on sample {number}.", **said)
    url = reverse("pages:sample-detail", args=[comment.sample_id]) + "#comments"
    for some, text in ((alone, short), ([one for one in told if one not in alone], whole)):
        notifications.notify(some, kind=kind, text=text, project=project, url=url, by=actor)
