"""The asking person's notifications over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import Notification
from ftstudio.accounts.services import notifications
from ftstudio.web.texts import from_row, say

from .serializers import PersonOutput


class NotificationOutput(serializers.ModelSerializer[Notification]):
    by = PersonOutput(allow_null=True)
    text = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = ("id", "kind", "text", "url", "project", "by", "at", "read_at")

    def get_text(self, row: Notification) -> str:
        return say(from_row(row.text))


class ReadInput(serializers.Serializer[Any]):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=1000, required=False
    )


class ReadOutput(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were unread until now.")


class NotificationList(ListAPIView[Notification]):
    """What waits for me, newest first."""

    serializer_class = NotificationOutput
    queryset = Notification.objects.none()

    def get_queryset(self) -> QuerySet[Notification]:
        return notifications.of(self.request.user)


class NotificationDetail(APIView):
    """One notification of mine."""

    @extend_schema(responses=NotificationOutput)
    def get(self, request: Request, pk: int) -> Response:
        return Response(NotificationOutput(get_object_or_404(notifications.of(request.user), pk=pk)).data)


class NotificationRead(APIView):
    @extend_schema(request=ReadInput, responses=ReadOutput)
    def post(self, request: Request) -> Response:
        """Mark these as read, or all of mine."""
        data = ReadInput(data=request.data)
        data.is_valid(raise_exception=True)
        read = notifications.mark_read(actor=request.user, ids=data.validated_data.get("ids"))
        return Response({"read": read})
