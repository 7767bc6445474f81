"""Signed messages to other systems when a job changes, and those that providers send to us."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets_app.models.lease import Leased, LeasedQuerySet
from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import EncryptedTextField, OrderedJSONField

from .connection import Connection


class Hook(models.Model):
    """An address outside that is told what happens to a project's jobs (Standard Webhooks)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="hooks")
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=300)
    secret = EncryptedTextField(_("secret"))
    kinds = OrderedJSONField(default=list)  # of core.hooks.KINDS; empty: all
    active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Delivery(Leased):
    """One message to one hook. `state` is waiting, delivered or failed; a failed try is repeated for a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    hook = models.ForeignKey(Hook, models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=40)
    payload = OrderedJSONField(default=dict)
    state = models.CharField(max_length=20, default="waiting")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # what the other side answered
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = LeasedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "deliveries"
        indexes = (models.Index(fields=("state", "next_try_at"), name="delivery_by_next_try"),)

    def __str__(self) -> str:
        return f"{self.kind} → {self.hook_id}"


class Receipt(models.Model):
    """A provider's webhook that has been taken: the same id a second time does nothing."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="receipts")
    webhook_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-received_at",)
        constraints = (models.UniqueConstraint(fields=("connection", "webhook_id"), name="one_receipt_per_webhook"),)

    def __str__(self) -> str:
        return self.webhook_id
