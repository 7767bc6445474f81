"""The asking person: profile and tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import ApiToken, Project
from ftstudio.accounts.services import profile, tokens

from .serializers import MeInput, MeOutput, TokenCreated, TokenInput, TokenOutput


class Me(APIView):
    """Who the token or session belongs to."""

    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        return Response(MeOutput(request.user).data)

    @extend_schema(request=MeInput, responses=MeOutput)
    def patch(self, request: Request) -> Response:
        """Change name, language or theme."""
        data = MeInput(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        return Response(MeOutput(profile.change(actor=request.user, **data.validated_data)).data)


class TokenList(ListAPIView[ApiToken]):
    """My tokens; never their secrets."""

    serializer_class = TokenOutput
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.visible_to(self.request.user)

    @extend_schema(request=TokenInput, responses={201: TokenCreated})
    def post(self, request: Request) -> Response:
        """Make a token. A token can hand on its own scopes, project and time, never more."""
        data = TokenInput(data=request.data)
        data.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(data.validated_data)
        if wanted := given.pop("project"):
            given["project"] = get_object_or_404(Project.objects.visible_to(request.user), pk=wanted)
        parent = request.auth if isinstance(request.auth, ApiToken) else None
        token, secret = tokens.create(actor=request.user, parent=parent, **given)
        shown = TokenCreated(token, context={"secret": secret}).data
        return Response(shown, status=201, headers={"Cache-Control": "private, no-store"})


class TokenDetail(APIView):
    """One of my tokens."""

    def token(self, request: Request, pk: UUID) -> ApiToken:
        return get_object_or_404(ApiToken.objects.visible_to(request.user).select_related("project"), pk=pk)

    @extend_schema(responses=TokenOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(TokenOutput(self.token(request, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Revoke it; it stays listed as revoked."""
        tokens.revoke(actor=request.user, token=self.token(request, pk))
        return Response(status=204)
