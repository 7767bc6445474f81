"""Samples through the API: the list, one of them, its revisions and decisions, and the queue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core import samples as core
from datasets_app.models import Dataset, Decision, FindingRow, Revision, Sample, SampleTag
from datasets_app.models.annotation import Kind
from datasets_app.services import annotations as annotating
from datasets_app.services import browse, conclusions, decisions, queue, samples, trash

from .loading import ApiCursor, HighestNumberFirst, address_of_page, read, visible
from .recent import UndoInput
from .serializers.samples import (
    DecisionInput,
    DecisionOutput,
    NextInput,
    RevisionDetailOutput,
    RevisionOutput,
    SampleOutput,
    SamplePageOutput,
    SampleRowOutput,
    SampleSaveInput,
    content_of,
    decision_output,
    found_in,
)

FILTERS = [
    OpenApiParameter(name, OpenApiTypes.STR, description=text)
    for name, text in {
        "status": "pending, accepted, rejected, skipped, flagged, in_review, sent_back, disputed or trashed; "
        "without it all but trashed.",
        "split": "train, validation or test in the newest snapshot.",
        "rule": "With a finding of this rule.",
        "tag": "With this tag.",
        "worst": "The gravest finding is error, warning or hint; or clean.",
        "label": "Whose answer is this label of the contract.",
        "cluster": "Near duplicates, by the number of the first of them: `cluster` of a sample.",
        "q": "With this text, regardless of case.",
        "where": "Passing this condition: as text, all(status.is(pending),tokens.min(200)), or as JSON.",
        "order": "number, tokens, findings or changed; with a minus before it from the largest down.",
        "cursor": "From the address of another page.",
    }.items()
]


class SampleList(APIView):
    @extend_schema(parameters=FILTERS, responses=SamplePageOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """A dataset's samples by position, without their contents."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        filters = browse.Filters.parse(request.query_params, me=request.user.pk)
        cursor, order = request.query_params.get("cursor", ""), request.query_params.get("order", "")
        page = browse.page(dataset=dataset, filters=filters, cursor=cursor, order=order)
        return Response(
            {
                "next": address_of_page(request, page.later),
                "previous": address_of_page(request, page.earlier),
                "total": browse.total(dataset=dataset, filters=filters),
                "results": SampleRowOutput(page.rows, many=True).data,
            }
        )


def _sample(request: Request, pk: int) -> Sample:
    found: Sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
    return found


def _shown(sample: Sample, person: Any) -> Any:
    """The sample with its newest content, findings and tags: a few small queries, whatever it holds.

    Who has to come to a verdict of their own first sees it as if nobody had decided.
    """
    real, sample = sample, queue.as_held(annotating.as_seen(sample, person), person)
    revision = Revision.objects.get(sample=sample, number=sample.revision_number)
    return SampleOutput(
        {
            "id": sample.pk,
            "dataset": sample.dataset_id,
            "position": sample.position,
            "revision": sample.revision_number,
            "status": sample.status,
            "split": sample.split,
            "tokens": sample.tokens,
            "leased_until": sample.leased_until,
            "tags": _tags(real, person),
            "findings": _findings(sample, revision, is_newest=revision.number == real.revision_number),
            **content_of(revision),
        }
    ).data


def _tags(sample: Sample, person: Any) -> list[str]:
    """The sample's tags; none on a hidden check, where they would give the answer away."""
    if annotating.blind(sample, person) and annotating.apart(sample, person) == Kind.GOLD:
        return []
    return list(SampleTag.objects.filter(sample=sample).values_list("name", flat=True))


def _findings(sample: Sample, revision: Revision, *, is_newest: bool) -> Any:
    """What the rules find in the revision: as it is kept for the newest one, else worked out."""
    if is_newest:
        return FindingRow.objects.current().filter(sample=sample)
    return found_in(core.from_json(revision.payload), sample.dataset)


class SampleDetail(APIView):
    @extend_schema(responses=SampleOutput)
    def get(self, request: Request, pk: int) -> Response:
        """One sample."""
        return Response(_shown(_sample(request, pk), request.user))

    @extend_schema(request=SampleSaveInput, responses=SampleOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Save a correction as the next revision; 409 with `base`, `mine` and `theirs` if somebody was faster."""
        sample = _sample(request, pk)
        saved = samples.save(actor=request.user, sample=sample, **read(SampleSaveInput, request))
        return Response(_shown(saved, request.user))

    @extend_schema(responses=SampleOutput)
    def delete(self, request: Request, pk: int) -> Response:
        """Put it into the trash, outside lists, counters, scans and snapshots; nothing of it is deleted."""
        return Response(_shown(trash.trash(actor=request.user, sample=_sample(request, pk)), request.user))


class SampleRestore(APIView):
    @extend_schema(request=None, responses=SampleOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Take it out of the trash, with the status that it had; pending if it was accepted and has an error by now."""
        return Response(_shown(trash.restore(actor=request.user, sample=_sample(request, pk)), request.user))


class RevisionList(ListAPIView[Revision]):
    """A sample's revisions, newest first."""

    serializer_class = RevisionOutput
    pagination_class = HighestNumberFirst
    queryset = Revision.objects.none()

    def get_queryset(self) -> QuerySet[Revision]:
        return annotating.past(_sample(self.request, self.kwargs["pk"]), self.request.user).defer("payload")


class RevisionDetail(APIView):
    @extend_schema(responses=RevisionDetailOutput)
    def get(self, request: Request, pk: int, number: int) -> Response:
        """One revision with its content."""
        revision = get_object_or_404(annotating.past(_sample(request, pk), request.user), number=number)
        return Response(RevisionDetailOutput(revision).data)


class DecisionList(ListAPIView[Decision]):
    """What people decided about a sample, newest first."""

    serializer_class = DecisionOutput
    pagination_class = ApiCursor
    queryset = Decision.objects.none()

    def get_queryset(self) -> QuerySet[Decision]:
        return annotating.decisions_on(_sample(self.request, self.kwargs["pk"]), self.request.user)

    @extend_schema(request=DecisionInput, responses={201: DecisionOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Accept, reject, skip or flag the revision that was looked at, or as a reviewer send it back; 409 if there is
        a newer one. Where everybody works apart it is one's own annotation, and its `status_after` is empty."""
        sample, given = _sample(request, pk), read(DecisionInput, request)
        made = conclusions.conclude(actor=request.user, sample=sample, base_revision=given.pop("revision"), **given)
        return Response(decision_output(made), status=201)


class SampleUndo(APIView):
    @extend_schema(request=UndoInput, responses=SampleOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Take back my newest decision about the sample, or the one that `key` names."""
        sample = _sample(request, pk)
        taken = decisions.take_back(actor=request.user, sample=sample, **read(UndoInput, request))
        return Response(_shown(taken, request.user))


class NextSample(APIView):
    @extend_schema(request=NextInput, responses={200: SampleOutput, 204: None})
    def post(self, request: Request, pk: UUID) -> Response:
        """The next sample that waits for me, held for me for some minutes; 204 when nothing waits."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        asked = read(NextInput, request)
        filters = browse.Filters.parse(asked.get("filter", {}), me=request.user.pk).ways()
        how = {"after": asked["after"], "ahead": asked["ahead"]}
        sample = samples.next_for(actor=request.user, dataset=dataset, filters=filters, **how)
        return Response(_shown(sample, request.user)) if sample else Response(status=204)
