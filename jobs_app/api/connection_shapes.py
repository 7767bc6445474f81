"""The shapes of connections in the API, and of the providers that they can be of, which describe themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ftstudio.accounts.models import Project
from ftstudio.web.texts import say
from jobs_app.core.recipes import Parameter
from jobs_app.models import Connection
from jobs_app.providers.base import Provider, Setting
from jobs_app.services import connections
from jobs_app.services.connection_settings import LONGEST, LONGEST_SECRET

from .serializers import TRAINS_NOTHING, Said, Visible

_OPTIONS = "The provider's other settings by name, see GET /connections/kinds/. null empties one."
_PERMIT = "Open an address outside the provider's own hosts, also a private one. Owners only."


_FIELDS: tuple[str, ...] = (
    "id", "project", "name", "kind", "rehearsal", "base_url", "options", "credential_hint", "permitted_at",
    "concurrency", "requests_per_minute", "created_at", "probed_at", "probe_error", "stopped", "stopped_at",
    "stopped_says", "quiet_until", "webhook_address",
)  # fmt: skip


class ConnectionOutput(serializers.ModelSerializer[Connection]):
    rehearsal = serializers.BooleanField(source="is_rehearsal", read_only=True, help_text=TRAINS_NOTHING)
    probe_error = Said(read_only=True)
    options = serializers.DictField(child=serializers.CharField(), read_only=True)
    stopped_says = Said(read_only=True)
    webhook_address = serializers.SerializerMethodField(help_text="Where the provider is to send its webhooks.")

    class Meta:
        model = Connection
        fields: tuple[str, ...] = _FIELDS
        read_only_fields = fields

    def get_webhook_address(self, connection: Connection) -> str:
        return connections.webhook_address(connection)


class ConnectionDetailOutput(ConnectionOutput):
    hints = serializers.SerializerMethodField(help_text="The last characters of each secret that is set, by name.")

    class Meta(ConnectionOutput.Meta):
        fields = (*_FIELDS, "hints")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_hints(self, connection: Connection) -> dict[str, str]:
        return connections.hints(connection)


class _Given(serializers.Serializer[Any]):
    """What both a new connection and a change of one may hold."""

    options = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_SECRET, allow_blank=True, allow_null=True),
        required=False,
        write_only=True,
        help_text=_OPTIONS,
    )
    concurrency = serializers.IntegerField(required=False, allow_null=True, help_text="Jobs at once.")
    requests_per_minute = serializers.IntegerField(required=False, allow_null=True)
    webhook_secret = serializers.CharField(max_length=LONGEST_SECRET, required=False, allow_blank=True, write_only=True)


class ConnectionInput(_Given):
    project = Visible(queryset=Project.objects.all())
    name = serializers.CharField(max_length=100)
    kind = serializers.CharField(max_length=40)
    base_url = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    credential = serializers.CharField(
        max_length=LONGEST_SECRET, required=False, allow_blank=True, default="", write_only=True
    )
    permit = serializers.BooleanField(required=False, default=False, help_text=_PERMIT)


class ConnectionChange(_Given):
    name = serializers.CharField(max_length=100, required=False)
    base_url = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    credential = serializers.CharField(max_length=LONGEST_SECRET, required=False, allow_blank=True, write_only=True)
    permit = serializers.BooleanField(required=False, allow_null=True, default=None, help_text=_PERMIT)


class ConnectionSettingOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    secret = serializers.BooleanField()
    required = serializers.BooleanField()
    default = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())
    address = serializers.BooleanField()
    confirmed = serializers.BooleanField(help_text="False: no published source settles it.")


class KindParameterOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    kind = serializers.ChoiceField(choices=("int", "float", "choice"))
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    above_minimum = serializers.BooleanField(help_text="True: the minimum itself is excluded.")
    default = serializers.JSONField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    auto = serializers.BooleanField(help_text="True: “auto” lets the provider choose.")
    methods = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")
    source = serializers.CharField()
    confirmed = serializers.BooleanField()


class KindBaseModelOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.CharField()
    source = serializers.CharField()
    checked_on = serializers.CharField()
    until = serializers.CharField(help_text="The day on which it stops; empty where none is known.")
    price_per_million = serializers.CharField()
    currency = serializers.CharField()
    differs = serializers.DictField(help_text="Capabilities that are otherwise for this model.")
    confirmed = serializers.BooleanField()


class KindOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    rehearsal = serializers.BooleanField(help_text=TRAINS_NOTHING)
    manual = serializers.BooleanField(help_text="True: its console does what other providers do by API.")
    base_url = serializers.CharField()
    hosts = serializers.ListField(child=serializers.CharField())
    profile = serializers.CharField()
    formats = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    concurrency = serializers.IntegerField(allow_null=True)
    requests_per_minute = serializers.IntegerField()
    passes_extras = serializers.BooleanField(help_text="True: settings by other names are passed on untouched.")
    capabilities = serializers.DictField(help_text="null: nobody says.")
    settings = ConnectionSettingOutput(many=True)
    parameters = KindParameterOutput(many=True)
    base_models = KindBaseModelOutput(many=True)


def described(provider: type[Provider]) -> dict[str, Any]:
    """A provider's description of itself, in the reader's language."""
    return {
        "name": provider.name,
        "label": say(provider.label),
        "rehearsal": provider.rehearsal,
        "manual": provider.manual,
        "base_url": provider.default_base_url,
        "hosts": list(provider.hosts),
        "profile": provider.profile,
        "formats": {method: list(codecs) for method, codecs in provider.formats.items()},
        "concurrency": provider.concurrency,
        "requests_per_minute": provider.requests_per_minute,
        "passes_extras": provider.passes_extras,
        "capabilities": asdict(provider.capabilities),
        "settings": [_said(one) for one in provider.settings],
        "parameters": [_said(one) for one in provider.parameters],
        "base_models": [asdict(one) for one in provider.base_models],
    }


def _said(described: Setting | Parameter) -> dict[str, Any]:
    return {**asdict(described), "label": say(described.label), "help": say(described.help)}
