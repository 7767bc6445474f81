"""What comes with a verdict or a version that somebody sends, checked once for decisions, annotations, judgements."""

from __future__ import annotations

from typing import Any

from datasets_app.core import samples, workflow
from datasets_app.core.findings import RANK
from datasets_app.models import Dataset, FindingRow, Revision, Sample
from datasets_app.models.decision import Choice, Verdict
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import allows
from ftstudio.errors import Conflict, InvalidInput, Listed, Text

LONGEST_REASON = 300
LONGEST_TOOK = 24 * 3600 * 1000  # ms: whoever looks longer has gone away


def check_client_id(client_id: str | None) -> None:
    """Raise InvalidInput for a request's own id that cannot be kept: PostgreSQL takes neither long ones nor NUL."""
    if client_id is not None and (len(client_id) > 40 or "\x00" in client_id):
        raise InvalidInput(client_id=Text("At most {n} characters, please.", n=40))


def checked(
    *, verdict: str, reason: str, choice: str, order_seed: str, took: int | None, known: tuple[str, ...] = ()
) -> dict[str, Any]:
    """`reason`, `choice`, `order_seed` and `took` as they are stored. Raises InvalidInput for what cannot be.

    `known` are the verdicts that may be given; all of them, if it is empty.
    """
    known = known or tuple(Verdict.values)
    if verdict not in known:
        raise InvalidInput(decision=Text("Decide one of {known}.", known=Listed(known)))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(reason=Text("At most {n} characters, please.", n=LONGEST_REASON))
    if choice and choice not in Choice.values:
        raise InvalidInput(choice=Text("Choose one of {known}.", known=Listed(Choice.values)))
    if choice in (Choice.TIE, Choice.NEITHER) and verdict == Verdict.ACCEPT:
        raise InvalidInput(choice=Text("A pair of which neither is better teaches nothing: reject it, or choose."))
    if len(order_seed) > 16 or "\x00" in order_seed:
        raise InvalidInput(order_seed=Text("At most {n} characters, please.", n=16))
    return {
        "reason": reason.replace("\x00", ""),
        "choice": choice,
        "order_seed": order_seed,
        "took": None if took is None or not 0 <= took <= LONGEST_TOOK else took,
    }


def refuse_errors(actor: User, dataset: Dataset, sample: Sample, reason: str, rules: list[str] | None = None) -> None:
    """Raise InvalidInput `open_errors`, unless the person may overrule the rules and says why; that is put on record.

    `rules` are those that find an error in what is to be accepted; None: those of the sample's current findings.
    """
    if rules is None:
        if sample.worst != RANK["error"]:
            return
        errors = FindingRow.objects.current().filter(sample=sample, severity="error", waived=False)
        rules = list(errors.order_by("rule").values_list("rule", flat=True).distinct())
    if not rules:
        return
    if not allows(actor, dataset.project_id, "samples.overrule"):
        text = Text("Correct what is wrong first ({rules}), or flag the sample.", rules=Listed(rules))
    elif not reason.strip():
        text = Text("Give the reason why this may pass ({rules}).", rules=Listed(rules))
    else:
        AuditEntry.objects.record(
            actor=actor, verb="samples.overrule", target=sample, project=dataset.project, rules=rules, reason=reason
        )
        return
    raise InvalidInput(code="open_errors", decision=text, details={"rules": rules})


def stale(now: Sample, base: samples.Sample, mine: samples.Sample) -> Conflict:
    """The refusal of a version that was made from an older revision, with the three texts."""
    theirs = Revision.objects.get(sample=now, number=now.revision_number)
    return Conflict(
        Text("Somebody has changed this sample since you opened it. Your text is kept: compare, and save again."),
        code="stale",
        details={
            "base": samples.to_data(base),
            "mine": samples.to_data(mine),
            "theirs": samples.to_data(samples.from_json(theirs.payload)),
            "revision": now.revision_number,
        },
    )


def no_such_move(state: str) -> Conflict:
    """The refusal of what nobody can do to a sample in this state; `trashed` where it is in the trash."""
    texts = {
        workflow.DISPUTED: Text("Its annotations differ: a reviewer ends the dispute on the page for that."),
        workflow.TRASHED: Text("This sample is in the trash: restore it first."),
        workflow.IN_REVIEW: Text("Somebody else must review this: it was decided by you."),
    }
    code = "trashed" if state == workflow.TRASHED else "no_such_move"
    return Conflict(texts.get(state) or Text("There is nobody to send this sample back to."), code=code)


def refuse_trashed(sample: Sample) -> None:
    """Raise Conflict `trashed` for a sample that nobody may change until it is restored."""
    if sample.status == workflow.TRASHED:
        raise no_such_move(sample.status)


def tag_names(names: Any) -> list[str]:
    """Tags as they are stored: sorted, each once. Raises InvalidInput for too many or too long ones."""
    wanted = sorted({" ".join(str(name).replace("\x00", "").split()) for name in names} - {""})
    if too_long := next((name for name in wanted if len(name) > 40), None):
        raise InvalidInput(tags=Text("The tag “{name}” is longer than 40 characters.", name=too_long[:60]))
    if len(wanted) > MOST_TAGS:
        raise InvalidInput(tags=Text("A sample may have at most {n} tags.", n=MOST_TAGS))
    return wanted


MOST_TAGS = 20
