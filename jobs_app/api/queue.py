"""The queue, jobs that are carried out by hand, deployments, and connections that were stopped, through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.web.texts import say
from jobs_app.models import Job, ModelVersion
from jobs_app.services import connections, deployments, manual, queue

from . import serializers as shapes
from .connection_shapes import ConnectionDetailOutput
from .connections import found as found_connection
from .jobs import found, read


class MoveInput(serializers.Serializer[Any]):
    before = shapes.Visible(queryset=Job.objects.all(), required=False, allow_null=True)
    after = shapes.Visible(queryset=Job.objects.all(), required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and data.get("before") and data.get("after"):  # before either is looked for
            raise serializers.ValidationError({"after": _("Before one job or after one job, not both.")})
        return super().to_internal_value(data)


class HoldInput(serializers.Serializer[Any]):
    until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Left out: until somebody releases the job."
    )


class FollowInput(serializers.Serializer[Any]):
    after = shapes.Visible(queryset=Job.objects.select_related("after"), required=False, allow_null=True, default=None)
    step = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="A checkpoint of the other job. Left out: its end."
    )


class RegisterInput(serializers.Serializer[Any]):
    model = serializers.CharField(max_length=200)
    trained_tokens = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    cost = serializers.DecimalField(required=False, allow_null=True, max_digits=12, decimal_places=4, min_value=0)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True)


class FailInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class DeployInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=63, required=False, allow_blank=True)


class GuideStep(serializers.Serializer[Any]):
    label = serializers.SerializerMethodField()
    value = serializers.CharField()

    def get_label(self, step: Any) -> str:
        return say(step.label)


class GuideOutput(serializers.Serializer[Any]):
    """What to do in the console of a provider without a job API. `files` are exports: `GET /exports/{id}/file/`."""

    files = serializers.ListField(child=serializers.UUIDField())
    ready = serializers.BooleanField(help_text="Whether the files have been written.")
    steps = GuideStep(many=True)


class WaitingOutput(serializers.Serializer[Any]):
    waiting = serializers.CharField(allow_blank=True, help_text="Why the job has not begun; empty where it has.")
    rank = serializers.FloatField()
    hold_until = serializers.DateTimeField(allow_null=True)
    after = serializers.UUIDField(allow_null=True)
    step = serializers.IntegerField(allow_null=True)
    guide = GuideOutput(allow_null=True)


class Steering(APIView):
    """One verb of a job, which changes the row in memory as well."""

    scope = "jobs"

    def _do(self, request: Request, pk: UUID, verb: Callable[..., Any], shape: type[Any] | None) -> Response:
        job = found(request, pk)
        verb(actor=request.user, job=job, **(read(request, shape) if shape else {}))
        return Response(shapes.JobOutput(job).data, status=202)


class JobQueue(APIView):
    @extend_schema(responses=WaitingOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Where a job stands in the queue, and what a person has to do where its provider has no job API."""
        job = found(request, pk)
        guide, reason = manual.guide_of(job), queue.waiting_reason(job)
        said = {
            "waiting": say(reason) if reason else "",
            "rank": job.rank,
            "hold_until": job.hold_until,
            "after": job.after_id,
            "step": job.after_step,
            "guide": guide and {"files": [one.pk for one in guide.files], "ready": guide.ready, "steps": guide.steps},
        }
        return Response(WaitingOutput(said).data)


class JobMove(Steering):
    @extend_schema(request=MoveInput, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Right before or right after another waiting job of the connection; without either, to the front."""
        return self._do(request, pk, queue.move, MoveInput)


class JobHold(Steering):
    @extend_schema(request=HoldInput, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        return self._do(request, pk, queue.hold, HoldInput)


class JobRelease(Steering):
    @extend_schema(request=None, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        return self._do(request, pk, queue.release, None)


class JobFollow(Steering):
    @extend_schema(request=FollowInput, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Go on from the model of another job once it has succeeded; `after` null: stand by itself."""
        return self._do(request, pk, queue.follow, FollowInput)


class JobRegister(Steering):
    @extend_schema(request=RegisterInput, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """What was tuned in the provider's console: the job has succeeded, and its model can be called."""
        return self._do(request, pk, manual.register, RegisterInput)


class JobFail(Steering):
    @extend_schema(request=FailInput, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """The training in the provider's console has ended without a model."""
        return self._do(request, pk, manual.fail, FailInput)


class ModelDeploy(APIView):
    scope = "jobs"

    @extend_schema(request=DeployInput, responses={202: shapes.ModelVersionOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have the provider deploy the model; `serving` tells how far it is."""
        rows = ModelVersion.objects.visible_to(request.user).select_related("connection", "project", "job")
        model = get_object_or_404(rows, pk=pk)
        deployed = deployments.deploy(actor=request.user, model=model, **read(request, DeployInput))
        return Response(shapes.ModelVersionOutput(deployed).data, status=202)


class ConnectionResume(APIView):
    @extend_schema(request=None, responses=ConnectionDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Send again through a connection that was stopped."""
        connection = connections.resume(actor=request.user, connection=found_connection(request, pk))
        return Response(ConnectionDetailOutput(connection).data)
