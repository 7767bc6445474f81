"""What can be asked of a base model: what comes with the product, with what the project has found out over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.core import base_models as limits
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.catalog import FIELDS, Offer, offer, parse
from jobs_app.models import CatalogEntry, Connection, SeenModel
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import BaseModel


def offer_of(project_id: UUID, kind: str, base_model: str) -> Offer:
    """What is known of one base model. A model that nobody has listed gets the provider's general facts."""
    return _offer(kind, base_model, _entries(project_id, kind))


def offers(project_id: UUID, kind: str) -> list[Offer]:
    """Every base model that the product or the project lists at a provider, the product's first."""
    entries = _entries(project_id, kind)
    ids = [model.id for model in PROVIDERS[kind].base_models]
    own = [name for name in entries if name and name not in ids]
    return [_offer(kind, name, entries) for name in (*ids, *own)]


def sunset(connection: Connection, model: str) -> date | None:
    """The day on which a model stops, base or tuned: as the provider lists it, else as the catalog has it."""
    listed = SeenModel.objects.filter(connection=connection, model=model).exclude(sunset_at=None).first()
    if listed is not None:
        return listed.sunset_at
    return offer_of(connection.project_id, connection.kind, model).until


def sunsets(project_id: UUID, models: Mapping[Any, tuple[Connection, str, str]]) -> dict[Any, date]:
    """key → the day, for many models at once: each (connection, model, its base). Three queries however many."""
    connections = {connection.pk for connection, _, _ in models.values()}
    rows = SeenModel.objects.filter(connection__in=connections).exclude(sunset_at=None)
    listed = {(row.connection_id, row.model): row.sunset_at for row in rows}
    entries = {kind: _entries(project_id, kind) for kind in {connection.kind for connection, _, _ in models.values()}}
    found: dict[Any, date] = {}
    for key, (connection, model, base) in models.items():
        days = [listed.get((connection.pk, name)) for name in (model, base) if name]
        if connection.kind in PROVIDERS:
            days.append(_offer(connection.kind, base or model, entries[connection.kind]).until)
        if known := [day for day in days if day]:
            found[key] = min(known)
    return found


def note(
    *, actor: User, project: Project, kind: str, base_model: str, values: Mapping[str, Any], source: str
) -> CatalogEntry:
    """Write down what the project knows of a base model, over what comes with the product; dated today.

    `values` by name as in `core.catalog.FIELDS`; what is left out falls back to what comes with the product. Raises
    InvalidInput for an unknown provider, for values that cannot be used, and for facts without a source.
    """
    require(actor, project, "catalog.update")
    check_kind(kind)
    base_model = base_model.strip()
    if len(base_model) > 200:
        raise InvalidInput(base_model=_("At most 200 characters."))
    source = source.strip()
    if not source or len(source) > 300:
        raise InvalidInput(source=_("Say where you read it, in 1 to 300 characters: others have to be able to check."))
    kept = parse(values)
    with transaction.atomic():
        entry, _made = CatalogEntry.objects.update_or_create(
            project=project,
            kind=kind,
            base_model=base_model,
            defaults={
                "values": kept,
                "source": source,
                "checked_on": timezone.localdate(),
                "changed_by": actor,
            },
        )
        AuditEntry.objects.record(
            actor=actor, verb="catalog.update", target=entry, project=project, values=kept, source=source
        )
    return entry


def forget(*, actor: User, entry: CatalogEntry) -> None:
    """Take the project's own facts back; what comes with the product counts again."""
    require(actor, entry.project_id, "catalog.update")
    with transaction.atomic():
        AuditEntry.objects.record(
            actor=actor, verb="catalog.forget", target=entry, project=entry.project, base_model=entry.base_model
        )
        entry.delete()


def check_kind(kind: str) -> None:
    """Raises InvalidInput(kind=…) for a provider that this installation does not know."""
    if kind not in PROVIDERS:
        raise InvalidInput(kind=Text("There is no such provider. Known are: {kinds}.", kinds=Listed(PROVIDERS)))


def _entries(project_id: UUID, kind: str) -> dict[str, CatalogEntry]:
    return {entry.base_model: entry for entry in CatalogEntry.objects.filter(project_id=project_id, kind=kind)}


def _offer(kind: str, base_model: str, entries: Mapping[str, CatalogEntry]) -> Offer:
    provider = PROVIDERS[kind]
    general = {name: value for name, value in asdict(provider.capabilities).items() if name in FIELDS}
    layers = [(general, provider.capabilities.source, provider.capabilities.checked_on, True)]
    listed = next((model for model in provider.base_models if model.id == base_model), None)
    if (family := limits.find(base_model)) is not None and family.max_tokens is not None:
        layers.append(({"max_tokens": family.max_tokens}, family.source, family.checked, family.confirmed))
    if listed is not None:
        layers.append((_own_facts(listed), listed.source, listed.checked_on, listed.confirmed))
    for entry in (entries.get(""), entries.get(base_model) if base_model else None):
        if entry is not None:
            layers.append((entry.values, entry.source, entry.checked_on.isoformat(), True))
    known = listed is not None or base_model in entries
    return offer(kind, base_model, listed.label if listed else base_model, layers, known=known)


def _own_facts(model: BaseModel) -> dict[str, Any]:
    return {**model.differs, **({"until": model.until} if model.until else {})}
