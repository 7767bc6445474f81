"""A job on the OpenAI wire: what it is sent as, and how it is known again in a list. Shared by all who speak it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from jobs_app.core.recipes import Recipe
from jobs_app.providers import _values, _wire
from jobs_app.providers.base import MARKER, Created, Order

PROVIDER = ()  # no provider lives in this module; the registry passes it by


def body_of(order: Order, *, suffix_max: int, metadata: bool = True) -> dict[str, Any]:
    """The request that creates the job. `metadata` False where the server may refuse a job that carries any."""
    recipe = order.recipe
    body: dict[str, Any] = {
        "model": order.base_model,
        "training_file": order.training_file,
        "method": {"type": recipe.method, recipe.method: {"hyperparameters": hyperparameters(recipe)}},
    }
    if metadata:
        body["metadata"] = {MARKER: order.marker}
    if order.validation_file:
        body["validation_file"] = order.validation_file
    if recipe.seed is not None:
        body["seed"] = recipe.seed
    if clean := clean_suffix(order.name or recipe.suffix or "", suffix_max):
        body["suffix"] = clean
    return body


def hyperparameters(recipe: Recipe) -> dict[str, Any]:
    named = {
        "n_epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "learning_rate_multiplier": recipe.learning_rate_multiplier,
        "beta": recipe.beta if recipe.method == "dpo" else None,
    }
    return {name: value for name, value in named.items() if value is not None}


def clean_suffix(text: str, limit: int) -> str:
    """A job's name as part of a model's name: letters, digits, hyphens and underscores, at most `limit` of them."""
    return re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9_-]+", "-", text)).strip("-")[:limit].rstrip("-")


def marked(page: Mapping[str, Any], marker: str, training_file: str = "", but: Collection[str] = ()) -> Created | None:
    """The job of a list that carries the marker, or that trains on the file, where one is given; none of `but`.

    A file is uploaded anew for each attempt, so it marks the job as well as the marker does.
    """
    for job in _wire.items(page):
        if job.get("id") in but:
            continue
        carries = _values.mapping(job.get("metadata")).get(MARKER) == marker
        if carries or (training_file and job.get("training_file") == training_file):
            return Created(_values.named(job), _values.text(job.get("status")))
    return None
