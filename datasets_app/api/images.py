"""Pictures through the API: stored once per project by their content, addressed in samples as `image:<sha256>`."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Image
from datasets_app.services import images
from ftstudio.accounts.models import Project

from .loading import AnyAnswer, NewestFirst, read, visible
from .serializers.images import ImageInput, ImageOutput


class ImageList(ListAPIView[Image]):
    """A project's pictures, newest first."""

    serializer_class = ImageOutput
    pagination_class = NewestFirst
    parser_classes = (MultiPartParser,)
    queryset = Image.objects.none()

    def get_queryset(self) -> QuerySet[Image]:
        return Image.objects.filter(project=visible(Project.objects.all(), self.request, pk=self.kwargs["pk"]))

    @extend_schema(request={"multipart/form-data": ImageInput}, responses={201: ImageOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Store a JPEG, PNG or WEBP, written anew without its metadata; the same content again is the same picture."""
        project = visible(Project.objects.all(), request, pk=pk)
        image = images.add(actor=request.user, project=project, **read(ImageInput, request))
        return Response(ImageOutput(image).data, status=201)


class ImageDetail(APIView):
    @extend_schema(responses=ImageOutput)
    def get(self, request: Request, pk: UUID, sha256: str) -> Response:
        """One picture's size and address."""
        return Response(ImageOutput(visible(Image.objects.all(), request, project=pk, sha256=sha256)).data)


class ImageFile(APIView):
    content_negotiation_class = AnyAnswer

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID, sha256: str) -> FileResponse:
        """The stored picture."""
        image = visible(Image.objects.all(), request, project=pk, sha256=sha256)
        return FileResponse(
            images.opened(image), as_attachment=True, filename=image.file_name, content_type=image.media_type
        )
