"""Claiming work: a lease that runs out, taken by one conditional UPDATE, so that two workers never hold one row. Each
UPDATE waits for its turn: a worker that lost its knocking at a busy file would leave its work to the next sweep."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.turns import write_turn


class Leased(models.Model):
    """A row that a worker works on. The holder renews while it works; a dead holder's lease runs out."""

    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_key = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        abstract = True


class LeasedQuerySet(InProjectQuerySet):
    """The queryset of a model that is `Leased` and belongs to a project."""

    def claim(self, pk: Any, key: str) -> bool:
        """Take the row for the worker `key`. False: another worker holds it (or it is not in this queryset)."""
        now = timezone.now()
        free = Q(leased_until=None) | Q(leased_until__lt=now) | Q(lease_key=key)
        until = now + timedelta(seconds=settings.LEASE_SECONDS)
        with write_turn():
            return self.filter(free, pk=pk).update(leased_until=until, lease_key=key) == 1

    def renew(self, pk: Any, key: str, **changes: Any) -> bool:
        """Hold on, writing `changes` in the same UPDATE. False: the lease was lost, stop without writing more."""
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        with write_turn():
            return self.filter(pk=pk, lease_key=key).update(leased_until=until, **changes) == 1

    def release(self, pk: Any, key: str, **changes: Any) -> bool:
        """Let go, writing `changes` in the same UPDATE."""
        with write_turn():
            return self.filter(pk=pk, lease_key=key).update(leased_until=None, lease_key="", **changes) == 1

    def abandoned(self) -> Any:
        """Rows that nobody holds just now."""
        return self.filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))
