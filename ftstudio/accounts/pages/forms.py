"""Forms of the account and project pages. They check shape; what it means is checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models import Project, Role, User
from ftstudio.accounts.services.tokens import SCOPES

SCOPE_LABELS = {
    "read": _("read: look at everything in my projects"),
    "write": _("write: change samples, datasets, snapshots"),
    "jobs": _("jobs: spend money on training, call tuned models"),
}
THEME_LABELS = [("", _("as the system")), ("light", _("light")), ("dark", _("dark")), ("contrast", _("high contrast"))]


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=100)
    language = forms.ChoiceField(label=_("Language"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), required=False, choices=THEME_LABELS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("as the browser")), *settings.LANGUAGES]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, user: User) -> ProfileForm:
        return cls(initial={"name": user.get_full_name(), "language": user.language, "theme": user.theme})


class TokenForm(forms.Form):
    prefix = "token"  # it shares its page with the profile

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What uses it, for example “nightly export”."))
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(scope, SCOPE_LABELS[scope]) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
        required=False,
    )
    days = forms.TypedChoiceField(
        label=_("It ends after"),
        coerce=int,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
        initial=30,
    )
    project = forms.ModelChoiceField(
        Project.objects.none(), label=_("Project"), required=False, empty_label=_("all of mine")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = Project.objects.visible_to(user)  # type: ignore[attr-defined]


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)


class InviteForm(forms.Form):
    prefix = "invite"  # it shares its page with the roles and the name

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.ANNOTATOR)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("Optional: then only the person of this address can use the link."),
    )
    days = forms.TypedChoiceField(
        label=_("It works for"),
        coerce=int,
        choices=[(1, _("a day")), (7, _("7 days")), (30, _("30 days"))],
        initial=7,
    )

    def __init__(self, *args: Any, up_to: Role | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if up_to is not None:
            self.fields["role"].choices = [  # type: ignore[attr-defined]
                (role.value, role.label) for role in Role if role.rank <= up_to.rank
            ]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class JoinForm(forms.Form):
    """A new account through an invitation."""

    name = forms.CharField(label=_("Your name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"}))
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "off"}),
    )
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "email"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, and not a common one."),
    )


class FirstOwnerForm(JoinForm):
    """The first account, with the first project."""

    project_name = forms.CharField(
        label=_("First project"), max_length=100, help_text=_("What your team works on. You can rename it later.")
    )
