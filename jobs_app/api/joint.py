"""Models that belong together through the API: what asking them the same cases would come to, and having it done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.policy import require
from ftstudio.web.texts import say
from jobs_app.core.cases import CASES, HELD_OUT, MOST_CASES
from jobs_app.services import joint
from jobs_app.services.joint import Lineup

from .evaluation_shapes import EvaluationOutput
from .families import found as found_family
from .jobs import found as found_job
from .jobs import read


class JointInput(serializers.Serializer[Any]):
    side = serializers.ChoiceField(list(HELD_OUT), required=False, default=joint.SIDE)
    n = serializers.IntegerField(required=False, default=CASES, help_text=f"Cases, 1 to {MOST_CASES}.")
    seed = serializers.IntegerField(required=False, default=0)


class LineupArm(serializers.Serializer[Any]):
    model = serializers.CharField()
    checkpoint = serializers.IntegerField(allow_null=True, help_text="Its step; null for a final model.")
    job = serializers.UUIDField()


class LeftOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    why = serializers.CharField()


class LineupOutput(serializers.Serializer[Any]):
    """The first of `arms` is what the others are compared with."""

    arms = LineupArm(many=True)
    left_out = LeftOut(many=True)


class CheckpointsEvaluate(APIView):
    @extend_schema(responses=LineupOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Which models of the job would be asked: its final one and its checkpoints."""
        return _shown(joint.checkpoints_of(found_job(request, pk)))

    @extend_schema(request=JointInput, responses={202: EvaluationOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Take the checkpoints into the registry and have all of them asked the same cases."""
        job = found_job(request, pk)
        require(request.user, job.project_id, "evaluations.create")
        made = joint.evaluate_checkpoints(actor=request.user, job=job, **read(request, JointInput))
        return Response(EvaluationOutput(made).data, status=202)


class MembersEvaluate(APIView):
    @extend_schema(responses=LineupOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Which models of the family would be asked."""
        return _shown(joint.members_of(found_family(request, pk)))

    @extend_schema(request=JointInput, responses={202: EvaluationOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have the models of a learning curve or a sweep asked the same cases."""
        family = found_family(request, pk)
        made = joint.evaluate_members(actor=request.user, family=family, **read(request, JointInput))
        return Response(EvaluationOutput(made).data, status=202)


def _shown(lineup: Lineup) -> Response:
    arms = [
        {
            "model": version.model,
            "checkpoint": version.checkpoint.step if version.checkpoint else None,
            "job": version.job_id,
        }
        for version in lineup.versions
    ]
    left = [{"name": name, "why": say(why)} for name, why in lineup.left_out]
    return Response(LineupOutput({"arms": arms, "left_out": left}).data)
