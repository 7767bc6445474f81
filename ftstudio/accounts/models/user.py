"""A person who can log in."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField


class User(AbstractUser):
    """A person. One name field, because given and family names do not come in one order everywhere."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=100, blank=True)
    email = models.EmailField(_("email address"), unique=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    theme = models.CharField(_("theme"), max_length=10, blank=True)  # "", "light", "dark" or "contrast"

    preferences = OrderedJSONField(default=dict, blank=True)  # read and written by ftstudio.accounts.preferences only

    # Set by token authentication when the token is limited to one project; every `visible_to` respects it.
    only_project: UUID | None = None

    def get_full_name(self) -> str:
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()

    def __str__(self) -> str:
        return self.get_full_name()
