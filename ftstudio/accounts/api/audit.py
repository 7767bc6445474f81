"""The audit log over the API."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import AuditEntry
from ftstudio.accounts.services import audit
from ftstudio.errors import InvalidInput, Text

from .projects import my_project
from .serializers import AuditEntryOutput


@extend_schema_view(
    get=extend_schema(parameters=[OpenApiParameter("project", OpenApiTypes.UUID, description="Only of this project.")])
)
class AuditList(ListAPIView[AuditEntry]):
    """Who did what, newest first, in the projects that I lead or own."""

    serializer_class = AuditEntryOutput
    queryset = AuditEntry.objects.none()

    def get_queryset(self) -> QuerySet[AuditEntry]:
        wanted = self.request.query_params.get("project")
        if not wanted:
            return audit.entries(actor=self.request.user)
        try:
            pk = UUID(wanted)
        except ValueError as error:
            raise InvalidInput(project=Text("This is not the id of a project.")) from error
        return audit.entries(actor=self.request.user, project=my_project(self.request, pk))


class AuditDetail(APIView):
    """One entry."""

    @extend_schema(responses=AuditEntryOutput)
    def get(self, request: Request, pk: int) -> Response:
        return Response(AuditEntryOutput(get_object_or_404(audit.entries(actor=request.user), pk=pk)).data)
