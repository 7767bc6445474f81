"""Provider accounts through the API. Secrets are taken and never given back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.web.pagination import ApiCursor
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS
from jobs_app.services import connections

from .connection_shapes import (
    ConnectionChange,
    ConnectionDetailOutput,
    ConnectionInput,
    ConnectionOutput,
    KindOutput,
    described,
)


class NewestFirst(ApiCursor):
    ordering = ("-created_at", "-pk")


class ConnectionList(generics.ListAPIView[Connection]):
    serializer_class = ConnectionOutput
    pagination_class = NewestFirst
    queryset = Connection.objects.none()

    def get_queryset(self) -> QuerySet[Connection]:
        return Connection.objects.visible_to(self.request.user).defer("credential", "secrets", "webhook_secret")

    @extend_schema(request=ConnectionInput, responses={201: ConnectionDetailOutput})
    def post(self, request: Request) -> Response:
        data = ConnectionInput(data=request.data, context={"request": request})
        data.is_valid(raise_exception=True)
        connection = connections.create(actor=request.user, **data.validated_data)
        return Response(ConnectionDetailOutput(connection).data, status=201)


class ConnectionKinds(APIView):
    """What each provider asks for, offers and can do: each describes itself."""

    @extend_schema(responses=KindOutput(many=True))
    def get(self, request: Request) -> Response:
        return Response(KindOutput([described(provider) for provider in PROVIDERS.values()], many=True).data)


class ConnectionDetail(APIView):
    @extend_schema(responses=ConnectionDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ConnectionDetailOutput(found(request, pk)).data)

    @extend_schema(request=ConnectionChange, responses=ConnectionDetailOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        connection = found(request, pk)
        data = ConnectionChange(data=request.data)
        data.is_valid(raise_exception=True)
        changed = connections.update(actor=request.user, connection=connection, **data.validated_data)
        return Response(ConnectionDetailOutput(changed).data)


class ConnectionProbe(APIView):
    @extend_schema(request=None, responses=ConnectionDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        connection = found(request, pk)
        return Response(ConnectionDetailOutput(connections.probe(actor=request.user, connection=connection)).data)


def found(request: Request, pk: UUID) -> Any:
    return get_object_or_404(Connection.objects.visible_to(request.user).select_related("project"), pk=pk)
