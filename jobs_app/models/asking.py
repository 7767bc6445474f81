"""What has a model asked by a worker, one request after the other, shares: state, money, and the pauses in between."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets_app.models.lease import Leased, LeasedQuerySet
from ftstudio.fields import OrderedJSONField

CENTS = Decimal("0.000001")  # what the columns keep of an amount
MILLION = Decimal(1_000_000)


class AskingState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class AskingQuerySet(LeasedQuerySet):
    def unfinished(self) -> AskingQuerySet:
        return self.filter(state__in=(AskingState.WAITING, AskingState.RUNNING))


class Asking(Leased):
    """Money is in `currency`, None where no price is known; the prices are those of the day it was asked for."""

    model = models.CharField(_("model"), max_length=200)
    seed = models.BigIntegerField(default=0)
    decoding = OrderedJSONField(default=dict)  # what stands there as None is not sent: the model does not take it
    system_prompt = models.TextField(blank=True)
    contract = OrderedJSONField(default=dict)
    examples = OrderedJSONField(default=list)  # revision ids, in the order in which they are shown
    state = models.CharField(max_length=10, choices=AskingState.choices, default=AskingState.WAITING)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    price_input = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)  # 1M tokens
    price_output = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    estimate = OrderedJSONField(default=dict)  # {"prompt_tokens", "completion_tokens", "cost"} before the start
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row, of the provider
    next_at = models.DateTimeField(null=True, blank=True)  # not asked before then
    says = models.CharField(max_length=300, blank=True)  # what went wrong last, as `texts.to_line`
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_final(self) -> bool:
        return self.state not in (AskingState.WAITING, AskingState.RUNNING)

    @property
    def temperature(self) -> float | None:
        """None: the model takes none, it draws its words in its own way."""
        return (self.decoding or {}).get("temperature", 0)

    def cost_of(self, prompt_tokens: int | None, completion_tokens: int | None) -> Decimal | None:
        """By the prices of the day on which it was asked for; None where a price or a count is missing.

        Rounded as it is stored, so that the parts add up to the whole.
        """
        if self.price_input is None or self.price_output is None or prompt_tokens is None or completion_tokens is None:
            return None
        return ((self.price_input * prompt_tokens + self.price_output * completion_tokens) / MILLION).quantize(CENTS)
