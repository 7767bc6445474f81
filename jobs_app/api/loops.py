"""The loop through the API: sending failures on, where it stands, the next snapshot, the next job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.api.serializers.snapshots import SnapshotOutput
from datasets_app.models.sample import Status
from ftstudio.web.texts import say
from jobs_app.services import failures, loop
from jobs_app.services.comparing import arm_numbered

from .evaluations import found
from .jobs import read
from .serializers import JobOutput

NUMBER = {"min_value": 0, "max_value": 2**31 - 1}


class SendInput(serializers.Serializer[Any]):
    arm = serializers.IntegerField(**NUMBER, help_text="The number of the model that got it wrong.")
    cases = serializers.ListField(
        child=serializers.IntegerField(**NUMBER), required=False, help_text="Their numbers; all of them if left out."
    )
    way = serializers.ChoiceField(failures.WAYS, required=False, help_text="“correction” if left out.")
    against = serializers.IntegerField(**NUMBER, required=False, help_text="Of a preference pair: the other model.")
    chosen = serializers.ChoiceField(
        failures.CHOSEN, required=False, help_text="The better answer of a pair: the winner's, or the sample's own."
    )
    to = serializers.CharField(required=False, allow_blank=True, help_text="A user name: assigned to that person.")


class RefusedOutput(serializers.Serializer[Any]):
    case = serializers.IntegerField()
    why = serializers.CharField()


class SentOutput(serializers.Serializer[failures.Sent]):
    tag = serializers.CharField(help_text="Finds the samples in the dataset.")
    taken = serializers.SerializerMethodField(help_text="Numbers of the cases that were sent, now or before.")
    refused = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_taken(self, sent: failures.Sent) -> list[int]:
        return [case.number for case in sent.taken]

    @extend_schema_field(RefusedOutput(many=True))
    def get_refused(self, sent: failures.Sent) -> list[dict[str, Any]]:
        return [{"case": case.number, "why": say(why)} for case, why in sent.refused]


class FateOutput(serializers.Serializer[loop.Fate]):
    """What became of a case that was sent."""

    case = serializers.IntegerField(source="case.number")
    sample = serializers.IntegerField(source="case.sample_id")
    sent_at = serializers.DateTimeField(source="case.sent_at")
    status = serializers.ChoiceField(Status.choices)
    snapshot = serializers.IntegerField(allow_null=True, help_text="The number of the next snapshot, if it holds it.")
    side = serializers.CharField()
    job = serializers.UUIDField(source="job.pk", default=None, allow_null=True)
    model = serializers.UUIDField(source="model.pk", default=None, allow_null=True)


class LoopOutput(serializers.Serializer[loop.State]):
    arm = serializers.IntegerField(source="arm.number")
    step = serializers.ChoiceField(["", *loop.STEPS], help_text="The next one; empty while others are at work.")
    failures = serializers.IntegerField(source="batch.n", help_text="Wrong answers that were not sent yet.")
    warnings = serializers.SerializerMethodField()
    sent = serializers.IntegerField()
    decided = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Sent samples that the next snapshot trains on.")
    snapshot = serializers.UUIDField(source="snapshot.pk", default=None, allow_null=True)
    job = serializers.UUIDField(source="job.pk", default=None, allow_null=True)
    model = serializers.UUIDField(source="model.pk", default=None, allow_null=True)
    fates = FateOutput(many=True)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, state: loop.State) -> list[str]:
        return [say(text) for text in state.batch.warnings]


class EvaluationLoop(APIView):
    @extend_schema(responses=LoopOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Where the way from these failures to the next model stands, and what became of each case."""
        return Response(LoopOutput(loop.state(found(request, pk))).data)


class EvaluationSend(APIView):
    @extend_schema(request=SendInput, responses=SentOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Give wrong answers to the annotators, as corrections or as preference pairs. Sent twice, a case is sent once.

        The samples become training data for good: what was held out leaves its side.
        """
        evaluation, asked = found(request, pk), read(request, SendInput)
        arm = arm_numbered(evaluation, asked["arm"], "arm")
        against = arm_numbered(evaluation, asked["against"], "against") if "against" in asked else None
        sent = failures.send(
            actor=request.user, evaluation=evaluation, arm=arm, against=against, cases=asked.get("cases"),
            as_=asked.get("way", failures.CORRECTION), chosen=asked.get("chosen", failures.WINNER),
            to=asked.get("to", ""),
        )  # fmt: skip
        return Response(SentOutput(sent).data)


class EvaluationFreeze(APIView):
    @extend_schema(request=None, responses={202: SnapshotOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """The next snapshot, divided as the evaluated one was; the one there is, if it was asked for already."""
        return Response(SnapshotOutput(loop.freeze(actor=request.user, evaluation=found(request, pk))).data, status=202)


class EvaluationClone(APIView):
    @extend_schema(request=None, responses={201: JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """The evaluated model's job as a draft on the next snapshot; the one there is, if it was asked for already."""
        return Response(JobOutput(loop.clone(actor=request.user, evaluation=found(request, pk))).data, status=201)


class EvaluationLaunch(APIView):
    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Launch that draft, with every check of a launch."""
        return Response(JobOutput(loop.launch(actor=request.user, evaluation=found(request, pk))).data)
