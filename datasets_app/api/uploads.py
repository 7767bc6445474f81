"""Uploads through the API."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Upload
from datasets_app.services import uploads

from .loading import AnyAnswer, NewestFirst, read, visible
from .serializers.uploads import PREVIEW, StartInput, UploadInput, UploadOptions, UploadOutput, preview_of


class UploadList(ListAPIView[Upload]):
    """The files that were uploaded to a dataset, newest first."""

    serializer_class = UploadOutput
    pagination_class = NewestFirst
    parser_classes = (MultiPartParser,)
    queryset = Upload.objects.none()

    def get_queryset(self) -> QuerySet[Upload]:
        return Upload.objects.filter(dataset=visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"]))

    @extend_schema(request={"multipart/form-data": UploadInput}, responses={202: UploadOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Upload a file; it is imported in the background, `state` says how far it is.

        With `hold`, or when the columns of a table are not understood (`needs`), it waits for `start`.
        """
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        given = read(UploadInput, request)
        upload = uploads.receive(actor=request.user, dataset=dataset, name=given["file"].name, **given)
        return Response(UploadOutput(upload).data, status=202)


class UploadDetail(APIView):
    @extend_schema(responses=UploadOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One upload."""
        return Response(UploadOutput(visible(Upload.objects.all(), request, pk=pk)).data)

    @extend_schema(request=UploadOptions, responses=UploadOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Say of a held upload how it is read and what is taken of it."""
        upload = visible(Upload.objects.select_related("dataset__project"), request, pk=pk)
        return Response(
            UploadOutput(uploads.update(actor=request.user, upload=upload, **read(UploadOptions, request))).data
        )


class UploadPreview(APIView):
    @extend_schema(responses={(200, "application/json"): PREVIEW})
    def get(self, request: Request, pk: UUID) -> Response:
        """What the file's first rows would become: samples with their findings, refused rows, the broken rules."""
        return Response(preview_of(uploads.look(visible(Upload.objects.select_related("dataset"), request, pk=pk))))


class UploadStart(APIView):
    @extend_schema(request=StartInput, responses={202: UploadOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have a held upload imported."""
        upload = visible(Upload.objects.select_related("dataset__project"), request, pk=pk)
        started = uploads.start(actor=request.user, upload=upload, **read(StartInput, request))
        return Response(UploadOutput(started).data, status=202)


class UploadCancel(APIView):
    @extend_schema(request=None, responses=UploadOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Stop the import, or discard a held file; what has been imported stays."""
        upload = visible(Upload.objects.select_related("dataset__project"), request, pk=pk)
        return Response(UploadOutput(uploads.cancel(actor=request.user, upload=upload)).data)


class UploadRejected(APIView):
    content_negotiation_class = AnyAnswer

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """The lines that became no sample: JSONL of `line`, `error`, `raw` (and `raw_base64` where it is not UTF-8)."""
        upload = visible(Upload.objects.all(), request, pk=pk)
        return StreamingHttpResponse(
            uploads.rejected_lines(upload),
            content_type="application/x-ndjson",
            headers={"Content-Disposition": f'attachment; filename="rejected-{upload.pk}.jsonl"'},
        )
