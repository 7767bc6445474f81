"""Who outside is told what happens to a project's jobs: addresses, their secrets, and what has been sent there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue
from jobs_app.core import standard_webhooks
from jobs_app.core.hooks import KINDS, PING, message
from jobs_app.models import Delivery, Hook
from jobs_app.pipeline.deliver import DELIVERED, FAILED, WAITING, may_reach
from jobs_app.tasks import deliver_hook

MOST = 20  # hooks of one project


def create(*, actor: User, project: Project, name: str, url: str, kinds: Sequence[str] = ()) -> tuple[Hook, str]:
    """Add an address that is told of what `kinds` names (none: everything); the hook, and its secret this one time.

    Any public https address may be used; a private one, or http, only on a host that the operator has opened in
    FTSTUDIO_PROVIDER_HOSTS. Raises InvalidInput(name=…, url=…, kinds=…).
    """
    require(actor, project, "hooks.manage")
    secret = standard_webhooks.new_secret()
    hook = Hook(project=project, created_by=actor, secret=secret)
    _apply(hook, name=name, url=url, kinds=kinds)
    with transaction.atomic():
        if Hook.objects.filter(project=project).count() >= MOST:
            raise Conflict(Text("A project has at most {n} webhooks.", n=MOST))
        hook.save()
        _record(actor, "hooks.create", hook)
    return hook, secret


def update(
    *,
    actor: User,
    hook: Hook,
    name: str | None = None,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    active: bool | None = None,
) -> Hook:
    """Change what is given. What waits while a hook is off is sent when it is on again."""
    require(actor, hook.project_id, "hooks.manage")
    _apply(hook, name=name, url=url, kinds=kinds)
    if active is not None:
        hook.active = active
    with transaction.atomic():
        hook.save(update_fields=["name", "url", "kinds", "active"])
        _record(actor, "hooks.update", hook, active=hook.active)
    return hook


def rotate(*, actor: User, hook: Hook) -> str:
    """A new secret, shown this one time; the old one signs nothing any more, what waits included."""
    require(actor, hook.project_id, "hooks.manage")
    secret = standard_webhooks.new_secret()
    with transaction.atomic():
        Hook.objects.filter(pk=hook.pk).update(secret=secret)
        _record(actor, "hooks.rotate", hook)
    return secret


def delete(*, actor: User, hook: Hook) -> None:
    """Remove the address with everything that was sent there or waits for it."""
    require(actor, hook.project_id, "hooks.manage")
    with transaction.atomic():
        _record(actor, "hooks.delete", hook)
        hook.delete()


def test(*, actor: User, hook: Hook) -> Delivery:
    """Send a message of the kind `ping`, so that a person sees whether it arrives. Raises Conflict while it is off."""
    require(actor, hook.project_id, "hooks.manage")
    if not hook.active:
        raise Conflict(_("This webhook is switched off. Switch it on first."))
    now = timezone.now()
    payload = message(PING, now, {"project": str(hook.project_id), "hook": str(hook.pk)})
    with transaction.atomic():
        delivery = Delivery.objects.create(hook=hook, kind=PING, payload=payload, next_try_at=now)
        enqueue(deliver_hook, delivery.pk)
    return delivery


def redeliver(*, actor: User, delivery: Delivery) -> Delivery:
    """Send a message once more, under its old id: the other side can tell that it has had it. Raises Conflict for one
    that waits already."""
    require(actor, delivery.hook.project_id, "hooks.manage")
    with transaction.atomic():
        ended = Delivery.objects.filter(pk=delivery.pk, state__in=(DELIVERED, FAILED))
        if ended.update(state=WAITING, tries=0, next_try_at=timezone.now(), error="") != 1:
            raise Conflict(_("This message waits to be sent already."))
        enqueue(deliver_hook, delivery.pk)
    delivery.refresh_from_db()
    return delivery


def _apply(hook: Hook, *, name: str | None, url: str | None, kinds: Sequence[str] | None) -> None:
    """Put what is given on the hook in memory, if all of it can be used."""
    wrong: dict[str, str] = {}
    good: dict[str, Any] = {}
    if name is not None:
        good["name"] = name.strip()
        if not 1 <= len(good["name"]) <= 100:
            wrong["name"] = _("Give it a name of 1 to 100 characters.")
    if url is not None:
        try:
            good["url"] = may_reach(url)
        except InvalidInput as refusal:
            wrong["url"] = refusal.message
        if len(good.get("url", "")) > 300:
            wrong["url"] = _("At most 300 characters.")
    if kinds is not None:
        good["kinds"] = [kind for kind in KINDS if kind in set(kinds)]
        if unknown := set(kinds) - KINDS.keys():
            wrong["kinds"] = Text(
                "There is no kind {kind}. Known are: {kinds}.", kind=min(unknown), kinds=Listed(KINDS)
            )
    if wrong:
        raise InvalidInput.of(wrong)
    for column, value in good.items():
        setattr(hook, column, value)


def _record(actor: User, verb: str, hook: Hook, **detail: Any) -> None:
    detail |= {"url": hook.url, "kinds": hook.kinds}
    AuditEntry.objects.record(actor=actor, verb=verb, target=hook, project=hook.project, **detail)
