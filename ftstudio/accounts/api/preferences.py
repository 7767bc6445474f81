"""One's own preferences through the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts import preferences as schema
from ftstudio.accounts.keys import ACTS
from ftstudio.accounts.preferences import Preferences
from ftstudio.accounts.services import preferences as service
from ftstudio.errors import InvalidInput, Text


class PreferencesOutput(serializers.Serializer[Preferences]):
    """`keys` says for everything that one key does which key does it."""

    version = serializers.IntegerField()
    keys = serializers.SerializerMethodField()
    digest = serializers.ChoiceField(schema.DIGESTS)
    advance = serializers.BooleanField()
    at_once = serializers.BooleanField()
    text_size = serializers.ChoiceField(schema.TEXT_SIZES)
    follow_jobs = serializers.BooleanField()

    def get_keys(self, mine: Preferences) -> dict[str, str]:
        return {name: mine.key(name) for name in ACTS}


class PreferencesInput(serializers.Serializer[Any]):
    """What is left out stays as it is; `keys` is changed act by act."""

    keys = serializers.DictField(child=serializers.CharField(), required=False)
    digest = serializers.ChoiceField(schema.DIGESTS, required=False)
    advance = serializers.BooleanField(required=False)
    at_once = serializers.BooleanField(required=False)
    text_size = serializers.ChoiceField(schema.TEXT_SIZES, required=False)
    follow_jobs = serializers.BooleanField(required=False)


class MyPreferences(APIView):
    @extend_schema(responses=PreferencesOutput)
    def get(self, request: Request) -> Response:
        """Keys, mail and appearance, as the asking person has set them."""
        return Response(PreferencesOutput(schema.of(request.user)).data)

    @extend_schema(request=PreferencesInput, responses=PreferencesOutput)
    def patch(self, request: Request) -> Response:
        """Change some of them. A field that is not in the schema is refused by name."""
        if not isinstance(request.data, dict):
            raise InvalidInput(Text("An object of preferences, please."))
        return Response(PreferencesOutput(service.change(actor=request.user, changes=request.data)).data)


class MyKeys(APIView):
    @extend_schema(responses=PreferencesOutput)
    def delete(self, request: Request) -> Response:
        """All keys as they are usual; answers with the preferences."""
        return Response(PreferencesOutput(service.reset_keys(actor=request.user)).data)
