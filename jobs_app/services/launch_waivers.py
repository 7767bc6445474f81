"""What may pass at a launch because a person says so: errors of the data with a reason, guards that are meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput
from jobs_app.core.guards import PREFIX
from jobs_app.core.lengths import Lengths
from jobs_app.models import Job

from . import inspections, readiness
from .recommendations import guards_of


def waived(job: Job, actor: User, waive: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The job's waivers with those of `waive` added. A waiver needs a reason, and the right to waive."""
    if not waive:
        return job.waivers
    require(actor, job.project_id, "exports.waive")
    reason = str(waive.get("reason") or "").strip()
    if not reason:
        raise InvalidInput(waive=_("Say why these errors may pass; the reason is kept with the job."))
    if len(reason) > 300:
        raise InvalidInput(waive=_("At most 300 characters."))
    errors = readiness.errors_of(job.snapshot, inspections.current(job))
    rules = [str(rule) for rule in waive.get("rules") or errors if str(rule) in errors]
    kept = [waiver for waiver in job.waivers if waiver.get("rule") not in rules]
    return [*kept, *({"rule": rule, "reason": reason, "by": actor.get_username()} for rule in rules)]


def confirmed(job: Job, actor: User, confirm: Collection[str]) -> list[dict[str, str]]:
    """The job's waivers, with what the actor confirms of its recipe; those of another recipe are gone."""
    asking = {guard.key: guard for guard in guards_of(job, lengths=Lengths()) if guard.asks}
    had = [waiver for waiver in job.waivers if not waiver["rule"].startswith(PREFIX) or waiver["rule"] in asking]
    known = {waiver["rule"] for waiver in had}
    fresh = [key for key, guard in asking.items() if guard.id in confirm and key not in known]
    return [
        *had,
        *({"rule": key, "reason": asking[key].text, "by": actor.get_username()} for key in fresh),
    ]
