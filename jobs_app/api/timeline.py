"""Everything that happened to a job, through the API."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs_app.services import timelines

from .jobs import found


class TimelineLine(serializers.Serializer[Any]):
    """What else a line holds depends on its source: event (id, level, message), move (before, after), act (verb)."""

    at = serializers.DateTimeField()
    source = serializers.ChoiceField(timelines.SOURCES)


class TimelineOutput(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="The cursor of the older lines.")
    results = TimelineLine(many=True)


class RawOutput(serializers.Serializer[Any]):
    raw = serializers.JSONField(allow_null=True, help_text="As the provider sent it, without what could open anything.")


class JobTimeline(APIView):
    @extend_schema(
        responses=TimelineOutput,
        parameters=[
            OpenApiParameter("source", str, enum=list(timelines.SOURCES)),
            OpenApiParameter("level", str, enum=list(timelines.LEVELS), description="Events of this level and above."),
            OpenApiParameter("q", str, description="Part of what is said."),
            OpenApiParameter("cursor", str),
        ],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What the provider reported, how the job moved and what people did, newest first."""
        query = request.query_params
        entries, later = timelines.page(found(request, pk), timelines.Wanted.of(query), query.get("cursor", ""))
        return Response({"next": later or None, "results": [timelines.line_of(entry) for entry in entries]})


class JobEvent(APIView):
    @extend_schema(responses=RawOutput)
    def get(self, request: Request, pk: UUID, event: int) -> Response:
        """One event's payload."""
        row = get_object_or_404(found(request, pk).events, pk=event)
        return Response({"raw": timelines.raw_of(row)})


class JobRaw(APIView):
    @extend_schema(responses=RawOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """The provider's last answer about the job."""
        return Response({"raw": timelines.last_answer(found(request, pk))})


class JobTimelineFile(APIView):
    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """All of it as JSON Lines, oldest first, with the raw payloads."""
        job = found(request, pk)
        lines = (json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in timelines.everything(job))
        answer = StreamingHttpResponse(lines, content_type="application/x-ndjson")
        answer["Content-Disposition"] = f'attachment; filename="job-{job.pk}.jsonl"'
        return answer
