"""The form of a connection: its fields are what the chosen provider asks for. The service checks what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ftstudio.web.texts import say, sentences
from jobs_app.models import Connection
from jobs_app.pipeline.clients import others_of
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Setting
from jobs_app.services import connections
from jobs_app.services.connection_changes import MOST_JOBS, MOST_REQUESTS
from jobs_app.services.connection_settings import LONGEST, LONGEST_SECRET

USUAL = "rehearsal"


class ConnectionForm(forms.Form):
    """A connection of one kind. The provider cannot be changed later, so a form for changes has no `kind`."""

    kind = forms.ChoiceField(label=gettext_lazy("Provider"), widget=forms.RadioSelect)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)

    def __init__(self, *args: Any, kind: str, connection: Connection | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = PROVIDERS[kind]
        hints = connections.hints(connection) if connection else {}
        if connection is None:
            self.fields["kind"].choices = [(name, say(one.label)) for name, one in PROVIDERS.items()]  # type: ignore[attr-defined]
            self.initial.setdefault("kind", kind)
        else:
            del self.fields["kind"]
            hints["credential"] = connection.credential_hint
            self._start_from(connection)
        for one in self.provider.settings:
            self.fields[one.name] = _field(one, hints.get(one.name), kept=connection is not None)
        self._limits(hints, permitted=bool(connection and connection.permitted_at))

    def _start_from(self, connection: Connection) -> None:
        columns = ("name", "base_url", "concurrency", "requests_per_minute")
        self.initial = {
            **connection.options,
            **{column: getattr(connection, column) for column in columns},
            **self.initial,
        }

    def _limits(self, hints: dict[str, str], *, permitted: bool) -> None:
        if not self.provider.rehearsal and settings.OWNERS_MAY_PERMIT:
            self.fields["permit"] = forms.BooleanField(
                label=_("Permit this address"),
                required=False,
                initial=permitted,
                help_text=_(
                    "For an address that is not the provider's own, also one inside your network. Whoever runs it "
                    "receives your keys and your training data."
                ),
            )
        self.fields["concurrency"] = _number(
            _("Jobs at once"), MOST_JOBS, self.provider.concurrency, _("Further jobs wait in the queue.")
        )
        self.fields["requests_per_minute"] = _number(
            _("Requests a minute"),
            MOST_REQUESTS,
            self.provider.requests_per_minute,
            _("Of all that is sent through this connection."),
        )
        if self.provider.capabilities.hooks:
            text = _("With which the provider signs its webhooks, so that news arrives without being asked for.")
            self.fields["webhook_secret"] = _secret(_("Webhook secret"), text, hints.get("webhook_secret"))

    @property
    def first(self) -> list[forms.BoundField]:
        """What has to be filled in; an address that the provider has itself is none of it."""
        asked = (one.name for one in self.provider.settings if one.required and (one.secret or not one.default))
        return [self[name] for name in ("name", *asked)]

    @property
    def more(self) -> list[forms.BoundField]:
        """What may be left as it is: the provider's other settings, addresses and their permit, limits."""
        shown = {"kind", *(bound.name for bound in self.first)}
        places = [one.name for one in self.provider.settings if one.name == "base_url" or one.address]
        last = [*places, "permit", "concurrency", "requests_per_minute", "webhook_secret"]
        order = [*(name for name in self.fields if name not in last), *(name for name in last if name in self.fields)]
        return [self[name] for name in order if name not in shown]

    @property
    def more_open(self) -> bool:
        """Whether the rest is unfolded: it holds what only this provider asks for, or something is wrong or set."""
        own = any(not one.required and not one.address for one in self.provider.settings)
        return own or any(bound.errors or bound.initial for bound in self.more)

    def given(self) -> dict[str, Any]:
        """The connection as `services.connections.create` and `update` take it."""
        data = self.cleaned_data
        others = [one.name for one in others_of(self.provider.name)]
        own = ("kind", "name", "credential", "base_url", "permit", "concurrency", "requests_per_minute")
        return {
            **{name: data[name] for name in (*own, "webhook_secret") if name in data},
            "options": {name: data[name] for name in others},
        }


def _field(setting: Setting, hint: str | None, *, kept: bool) -> forms.Field:
    label, text = say(setting.label), say(setting.help)
    if not setting.confirmed:
        text = sentences(text, _("Unconfirmed: no published source settles this."))
    if setting.secret:
        return _secret(label, text, hint if kept else None)
    if setting.choices:
        return forms.ChoiceField(
            label=label,
            choices=[(choice, choice) for choice in setting.choices],
            required=False,
            initial=setting.default,
            help_text=text,
        )
    attrs = {"autocomplete": "off", **({"placeholder": setting.default} if setting.default else {})}
    return forms.CharField(
        label=label, max_length=LONGEST, required=False, help_text=text, widget=forms.TextInput(attrs=attrs)
    )


def _secret(label: str, text: str, hint: str | None) -> forms.Field:
    """A secret that is typed in and never shown; `hint` is the end of the present one, None where there is none."""
    if hint is not None:
        there = (
            _("Ends in %(hint)s. Leave empty to keep it.") % {"hint": f"…{hint}"}
            if hint
            else _("Leave empty to keep the present one.")
        )
        text = sentences(text, there)
    return forms.CharField(
        label=label,
        max_length=LONGEST_SECRET,
        required=False,
        help_text=text,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


def _number(label: str, most: int, usual: int | None, text: str) -> forms.Field:
    attrs = {"class": "short", "placeholder": "" if usual is None else str(usual)}
    return forms.IntegerField(
        label=label, min_value=1, max_value=most, required=False, help_text=text, widget=forms.NumberInput(attrs=attrs)
    )


def chosen(kinds: Iterable[str | None]) -> str:
    """The first of the words that is a provider."""
    return next((kind for kind in kinds if kind and kind in PROVIDERS), USUAL)
