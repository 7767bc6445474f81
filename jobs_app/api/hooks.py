"""Webhooks to other systems through the API. The secret is given once, with the answer that made it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import Project
from ftstudio.accounts.policy import require, where_allowed
from jobs_app.core.hooks import KINDS
from jobs_app.models import Delivery, Hook
from jobs_app.services import hooks

from .connections import NewestFirst
from .serializers import Said, Visible

ONCE = "Shown this once. Messages are signed with it as Standard Webhooks (standardwebhooks.com) asks."


class HookOutput(serializers.ModelSerializer[Hook]):
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Empty: every kind.")

    class Meta:
        model = Hook
        fields = ("id", "project", "name", "url", "kinds", "active", "created_at")
        read_only_fields = fields


class HookWithSecret(HookOutput):
    secret = serializers.SerializerMethodField(help_text=ONCE)

    class Meta(HookOutput.Meta):
        fields = (*HookOutput.Meta.fields, "secret")  # type: ignore[assignment]

    def get_secret(self, hook: Hook) -> str:
        return str(self.context["secret"])


class HookChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=300, required=False)
    kinds = serializers.ListField(child=serializers.ChoiceField(list(KINDS)), required=False)
    active = serializers.BooleanField(required=False)


class HookInput(serializers.Serializer[Any]):
    project = Visible(queryset=Project.objects.all())
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=300)
    kinds = serializers.ListField(child=serializers.ChoiceField(list(KINDS)), required=False, default=list)


class DeliveryOutput(serializers.ModelSerializer[Delivery]):
    payload = serializers.DictField(read_only=True)
    error = Said(read_only=True)

    class Meta:
        model = Delivery
        fields = (
            "id", "hook", "kind", "payload", "state", "tries", "status", "error", "created_at", "next_try_at",
            "delivered_at",
        )  # fmt: skip
        read_only_fields = fields


def visible(request: Request) -> Any:
    return Hook.objects.visible_to(request.user).select_related("project").defer("secret")


def found(request: Request, pk: UUID) -> Hook:
    """The hook, for who may manage it: its address and what was sent there are nobody else's business."""
    hook: Hook = get_object_or_404(visible(request), pk=pk)
    require(request.user, hook.project_id, "hooks.manage")
    return hook


class HookList(generics.ListAPIView[Hook]):
    """The webhooks of the projects whose webhooks one may manage."""

    serializer_class = HookOutput
    pagination_class = NewestFirst
    queryset = Hook.objects.none()

    def get_queryset(self) -> QuerySet[Hook]:
        return visible(self.request).filter(project__in=where_allowed(self.request.user, "hooks.manage").values("pk"))

    @extend_schema(request=HookInput, responses={201: HookWithSecret})
    def post(self, request: Request) -> Response:
        data = HookInput(data=request.data, context={"request": request})
        data.is_valid(raise_exception=True)
        hook, secret = hooks.create(actor=request.user, **data.validated_data)
        return Response(HookWithSecret(hook, context={"secret": secret}).data, status=201)


class HookDetail(APIView):
    @extend_schema(responses=HookOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(HookOutput(found(request, pk)).data)

    @extend_schema(request=HookChange, responses=HookOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        hook = found(request, pk)
        data = HookChange(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(HookOutput(hooks.update(actor=request.user, hook=hook, **data.validated_data)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Remove it with everything that was sent there or waits for it."""
        hooks.delete(actor=request.user, hook=found(request, pk))
        return Response(status=204)


class HookSecret(APIView):
    @extend_schema(request=None, responses=HookWithSecret)
    def post(self, request: Request, pk: UUID) -> Response:
        """A new secret; the old one signs nothing any more."""
        hook = found(request, pk)
        secret = hooks.rotate(actor=request.user, hook=hook)
        return Response(HookWithSecret(hook, context={"secret": secret}).data)


class HookTest(APIView):
    @extend_schema(request=None, responses={202: DeliveryOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a message of the kind `ping`."""
        delivery = hooks.test(actor=request.user, hook=found(request, pk))
        return Response(DeliveryOutput(delivery).data, status=202)


class DeliveryList(generics.ListAPIView[Delivery]):
    """What was sent to one webhook, newest first."""

    serializer_class = DeliveryOutput
    pagination_class = NewestFirst
    queryset = Delivery.objects.none()

    def get_queryset(self) -> QuerySet[Delivery]:
        if getattr(self, "swagger_fake_view", False):
            return Delivery.objects.none()
        return Delivery.objects.filter(hook=found(self.request, self.kwargs["pk"]))


class DeliveryAgain(APIView):
    @extend_schema(request=None, responses={202: DeliveryOutput})
    def post(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """Send a message once more, under its old id."""
        row = get_object_or_404(
            Delivery.objects.select_related("hook").defer("hook__secret"), hook=found(request, pk), pk=delivery
        )
        return Response(DeliveryOutput(hooks.redeliver(actor=request.user, delivery=row)).data, status=202)
