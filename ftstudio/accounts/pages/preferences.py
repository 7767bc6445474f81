"""A person's own preferences: keys, mail, appearance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from ftstudio.accounts import preferences as schema
from ftstudio.accounts.keys import ACTS, NAMED
from ftstudio.accounts.models import User
from ftstudio.accounts.services import preferences as service
from ftstudio.accounts.services import profile
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .forms import THEME_LABELS

DIGESTS = [
    ("off", pgettext_lazy("mail", "never")),
    ("hourly", gettext_lazy("once an hour")),
    ("daily", gettext_lazy("daily")),
]
TEXT_SIZES = [
    ("normal", gettext_lazy("normal")), ("large", gettext_lazy("large")), ("larger", gettext_lazy("very large")),
]  # fmt: skip
PLACES = {"desk": gettext_lazy("At the desk"), "conflict": gettext_lazy("Where two people edited one sample")}
BY_SIGN = {" ": "space", **{str(sign): name for name, sign in NAMED.items() if len(str(sign)) == 1}}


class KeyField(forms.CharField):
    """One key, as it is named, or as it is typed: a capital means its letter, a blank the space bar."""

    def __init__(self, **how: Any) -> None:
        super().__init__(
            max_length=20,
            strip=False,
            widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
            **how,
        )
        self.widget.attrs |= {"class": "key", "data-key-input": ""}

    def to_python(self, value: Any) -> str:
        typed = str(value or "")
        return BY_SIGN.get(typed, typed.strip().lower())


class PreferencesForm(forms.Form):
    """The keys' fields are named `key-ACT`; the services name them `keys.ACT`."""

    theme = forms.ChoiceField(label=gettext_lazy("Theme"), required=False, choices=THEME_LABELS)
    text_size = forms.ChoiceField(label=gettext_lazy("Size of sample texts"), choices=TEXT_SIZES)
    advance = forms.BooleanField(label=gettext_lazy("After a decision the next sample comes by itself"), required=False)
    at_once = forms.BooleanField(
        label=gettext_lazy("Choosing a label or one of two answers accepts it at once"), required=False
    )
    follow_jobs = forms.BooleanField(
        label=gettext_lazy("Where I lead, tell me of every job and not of mine alone"), required=False
    )
    digest = forms.ChoiceField(label=gettext_lazy("Mail about what you have not read"), choices=DIGESTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, act in ACTS.items():
            self.fields[f"key-{name}"] = KeyField(label=act.label, required=False)

    @classmethod
    def of(cls, user: User) -> PreferencesForm:
        mine = schema.of(user)
        keys = {f"key-{name}": mine.key(name) for name in ACTS}
        settings = {
            "digest": mine.digest,
            "advance": mine.advance,
            "at_once": mine.at_once,
            "text_size": mine.text_size,
            "follow_jobs": mine.follow_jobs,
            "theme": user.theme,
        }
        return cls(initial={**settings, **keys})

    @property
    def places(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The key fields, under where they work."""
        return [
            (label, [self[f"key-{name}"] for name, act in ACTS.items() if act.place == place])
            for place, label in PLACES.items()
        ]

    @property
    def settings(self) -> list[forms.BoundField]:
        return [self[name] for name in ("theme", "text_size", "advance", "at_once", "follow_jobs", "digest")]

    def changes(self) -> dict[str, Any]:
        """What the service is asked for. A key that was left empty is the usual one again."""
        given = self.cleaned_data
        keys = {name: given[f"key-{name}"] or act.key for name, act in ACTS.items()}
        plain = ("digest", "advance", "at_once", "text_size", "follow_jobs")
        return {"keys": keys, **{name: given[name] for name in plain}}


@login_required
def preferences(request: PersonRequest) -> HttpResponse:
    if request.method != "POST":
        return render_page(request, "accounts/preferences.html", {"form": PreferencesForm.of(request.user)})
    form = PreferencesForm(request.POST)
    with refusals_on(form, lambda name: name.replace("keys.", "key-")):
        if form.is_valid():
            service.change(actor=request.user, changes=form.changes())
            profile.change(actor=request.user, theme=form.cleaned_data["theme"])
            messages.success(request, _("Saved."))
            return redirect("pages:preferences")
    return render_page(request, "accounts/preferences.html", {"form": form}, status=422)


@require_POST
@login_required
def preferences_reset(request: PersonRequest) -> HttpResponse:
    """All keys as they are usual."""
    service.reset_keys(actor=request.user)
    messages.success(request, _("All keys are the usual ones again."))
    return redirect("pages:preferences")
