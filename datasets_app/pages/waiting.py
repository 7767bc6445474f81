"""What waits for this person in a dataset beside the queue: to be reviewed, judged, done again. Reads kept counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from datasets_app.models import Dataset
from datasets_app.models.sample import Status
from datasets_app.services import adjudications
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows


@dataclass(frozen=True, slots=True)
class Waiting:
    """A way to samples of one status: `n` of them, behind `url`."""

    label: str | Promise
    n: int
    url: str
    icon: str


def waiting_context(dataset: Dataset, user: User, by_status: Mapping[str, int]) -> dict[str, Any]:
    """`waiting` are the ways that this person may go and that lead somewhere; `guideline_to_do` how many disputes the
    guideline should still speak of, where the dataset ever had one."""
    annotate = reverse("pages:dataset-annotate", args=[dataset.pk])
    ways = (
        (Status.SENT_BACK, "samples.decide", _("Do again"), f"{annotate}?status=sent_back", "left"),
        (Status.IN_REVIEW, "samples.review", _("Review"), f"{annotate}?status=in_review", "person"),
        (
            Status.DISPUTED, "samples.adjudicate", _("Adjudicate"),
            reverse("pages:dataset-adjudicate", args=[dataset.pk]), "branch",
        ),
    )  # fmt: skip
    judged = adjudications.listed(dataset)
    return {
        "waiting": [
            Waiting(label, n, url, icon)
            for status, action, label, url, icon in ways
            if (n := by_status.get(status, 0)) and allows(user, dataset.project_id, action)
        ],
        "guideline_to_do": adjudications.listed(dataset, to_do=True).count() if judged.exists() else None,
    }
