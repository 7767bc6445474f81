"""Provider accounts through the API. The credential is taken and never given back."""

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
from jobs_app.services import connections

from .serializers import ConnectionChange, ConnectionInput, ConnectionOutput


class NewestFirst(ApiCursor):
    ordering = ("-created_at", "-pk")


class ConnectionList(generics.ListAPIView[Connection]):
    serializer_class = ConnectionOutput
    pagination_class = NewestFirst
    queryset = Connection.objects.none()

    def get_queryset(self) -> QuerySet[Connection]:
        return Connection.objects.visible_to(self.request.user).defer("credential")

    @extend_schema(request=ConnectionInput, responses={201: ConnectionOutput})
    def post(self, request: Request) -> Response:
        data = ConnectionInput(data=request.data, context={"request": request})
        data.is_valid(raise_exception=True)
        connection = connections.create(actor=request.user, **data.validated_data)
        return Response(ConnectionOutput(connection).data, status=201)


class ConnectionDetail(APIView):
    @extend_schema(responses=ConnectionOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ConnectionOutput(found(request, pk)).data)

    @extend_schema(request=ConnectionChange, responses=ConnectionOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        connection = found(request, pk)
        data = ConnectionChange(data=request.data)
        data.is_valid(raise_exception=True)
        changed = connections.update(actor=request.user, connection=connection, **data.validated_data)
        return Response(ConnectionOutput(changed).data)


class ConnectionProbe(APIView):
    @extend_schema(request=None, responses=ConnectionOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        connection = found(request, pk)
        return Response(ConnectionOutput(connections.probe(actor=request.user, connection=connection)).data)


def found(request: Request, pk: UUID) -> Any:
    return get_object_or_404(Connection.objects.visible_to(request.user).select_related("project"), pk=pk)
