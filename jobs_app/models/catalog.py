"""What a project knows of prices and base models beside what comes with the product, and what providers list."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField
from jobs_app.core.prices import plain

from .connection import Connection


class Price(models.Model):
    """One line of the project's price table. The newest `valid_from` that is not in the future counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="prices")
    kind = models.CharField(_("provider"), max_length=40)
    base_model = models.CharField(_("base model"), max_length=200)
    item = models.CharField(max_length=20)  # core.prices.ITEMS: "train", "input", "output" …
    amount = models.DecimalField(_("price"), max_digits=12, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=300)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "base_model", "item", "-valid_from", "-created_at")
        indexes = (models.Index(fields=("project", "kind", "base_model"), name="price_of_a_model"),)

    def __str__(self) -> str:
        return f"{self.base_model} {self.item}: {self.shown} {self.currency}"

    @property
    def shown(self) -> str:
        return plain(self.amount)


class CatalogEntry(models.Model):
    """What a project says of one base model, over what comes with the product (`base_model` "": of the provider)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="catalog_entries")
    kind = models.CharField(_("provider"), max_length=40)
    base_model = models.CharField(_("base model"), max_length=200, blank=True)
    values = OrderedJSONField(default=dict)  # field of core.catalog.Offer → value
    source = models.CharField(_("source"), max_length=300)
    checked_on = models.DateField(_("checked on"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "base_model")
        constraints = (
            models.UniqueConstraint(fields=("project", "kind", "base_model"), name="one_entry_per_base_model"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.base_model}".strip()


class SeenModel(models.Model):
    """A model as the provider lists it, with the day on which it says it will stop."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="seen_models")
    model = models.CharField(max_length=200)
    sunset_at = models.DateField(null=True, blank=True)
    seen_at = models.DateTimeField()
    raw = OrderedJSONField(null=True)

    class Meta:
        ordering = ("model",)
        constraints = (models.UniqueConstraint(fields=("connection", "model"), name="one_row_per_seen_model"),)

    def __str__(self) -> str:
        return self.model


class Budget(models.Model):
    """How much a project may spend on jobs in a month, in one currency, and whether launching stops there."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="budgets")
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("a month"), max_digits=12, decimal_places=2)
    stops = models.BooleanField(_("stop launching there"), default=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("currency",)
        constraints = (models.UniqueConstraint(fields=("project", "currency"), name="one_budget_per_currency"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
