"""Shapes of the people side of the API: what goes in and what comes out are apart."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ftstudio.accounts.models import ApiToken, AuditEntry, Invitation, Membership, Project, Role, User
from ftstudio.accounts.services.profile import THEMES
from ftstudio.accounts.services.tokens import SCOPES


class PersonOutput(serializers.ModelSerializer[User]):
    """A person as others see them."""

    class Meta:
        model = User
        fields = ("id", "username", "name")


class MeOutput(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "name", "email", "language", "theme")


class MeInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False, allow_blank=True)
    theme = serializers.ChoiceField([theme for theme in THEMES if theme], required=False, allow_blank=True)


class ProjectOutput(serializers.ModelSerializer[Project]):
    """A project, with the role that the asking person has in it."""

    role = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = ("id", "name", "role", "created_at")

    @extend_schema_field(serializers.ChoiceField(Role.choices))
    def get_role(self, project: Project) -> str:
        asker = self.context["request"].user.pk
        return str(next(membership.role for membership in project.memberships.all() if membership.user_id == asker))


class ProjectInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)


class MemberOutput(serializers.ModelSerializer[Membership]):
    user = PersonOutput()

    class Meta:
        model = Membership
        fields = ("id", "user", "role", "created_at")


class MemberInput(serializers.Serializer[Any]):
    role = serializers.ChoiceField(Role.choices)


class InvitationOutput(serializers.ModelSerializer[Invitation]):
    created_by = PersonOutput()
    accepted_by = PersonOutput(allow_null=True)

    class Meta:
        model = Invitation
        fields: tuple[str, ...] = (
            "id",
            "role",
            "email",
            "created_by",
            "created_at",
            "expires_at",
            "accepted_at",
            "accepted_by",
        )


class InvitationInput(serializers.Serializer[Any]):
    role = serializers.ChoiceField(Role.choices)
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    days = serializers.IntegerField(required=False, default=7)


class InvitationCreated(InvitationOutput):
    """The invitation with its link, which is shown this once."""

    link = serializers.SerializerMethodField()

    class Meta(InvitationOutput.Meta):
        fields = (*InvitationOutput.Meta.fields, "link")

    def get_link(self, invitation: Invitation) -> str:
        return str(self.context["link"])


class InvitationAcceptInput(serializers.Serializer[Any]):
    """With a session or token only `secret` counts; without, an account is made of the rest."""

    secret = serializers.CharField(max_length=100)
    username = serializers.CharField(max_length=150, required=False, default="")
    name = serializers.CharField(max_length=100, required=False, default="")
    email = serializers.EmailField(required=False, default="")
    password = serializers.CharField(required=False, default="", trim_whitespace=False)
    project_name = serializers.CharField(max_length=100, required=False, default="")


class TokenOutput(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "prefix",
            "scopes",
            "project",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(SCOPES)))
    def get_scopes(self, token: ApiToken) -> list[str]:
        return token.scopes.split()


class TokenInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), required=False, default=["read"])
    days = serializers.IntegerField(required=False, default=30)
    project = serializers.UUIDField(required=False, allow_null=True, default=None)


class TokenCreated(TokenOutput):
    """The token with its secret, which is shown this once."""

    secret = serializers.SerializerMethodField()

    class Meta(TokenOutput.Meta):
        fields = (*TokenOutput.Meta.fields, "secret")

    def get_secret(self, token: ApiToken) -> str:
        return str(self.context["secret"])


class AuditEntryOutput(serializers.ModelSerializer[AuditEntry]):
    actor = PersonOutput(allow_null=True)
    detail = serializers.JSONField()

    class Meta:
        model = AuditEntry
        fields = ("id", "at", "actor", "project", "verb", "target_type", "target_id", "target_name", "detail")
