"""Projects and their members over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import Membership, Project
from ftstudio.accounts.services import members, projects

from .serializers import MemberInput, MemberOutput, ProjectInput, ProjectOutput


def my_projects(request: Request) -> QuerySet[Project]:
    """The asker's projects, each with the asker's own membership at hand."""
    mine = Membership.objects.filter(user=request.user.pk)
    return Project.objects.visible_to(request.user).prefetch_related(Prefetch("memberships", queryset=mine))


def my_project(request: Request, pk: UUID) -> Project:
    """One of the asker's projects, else 404."""
    return get_object_or_404(my_projects(request), pk=pk)


class ProjectList(ListAPIView[Project]):
    """My projects."""

    serializer_class = ProjectOutput
    queryset = Project.objects.none()

    def get_queryset(self) -> QuerySet[Project]:
        return my_projects(self.request)

    @extend_schema(request=ProjectInput, responses={201: ProjectOutput})
    def post(self, request: Request) -> Response:
        """Open a project; the asker becomes its owner."""
        data = ProjectInput(data=request.data)
        data.is_valid(raise_exception=True)
        project = projects.create(actor=request.user, **data.validated_data)
        shown = my_project(request, project.pk)
        return Response(ProjectOutput(shown, context={"request": request}).data, status=201)


class ProjectDetail(APIView):
    """One of my projects."""

    @extend_schema(responses=ProjectOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ProjectOutput(my_project(request, pk), context={"request": request}).data)

    @extend_schema(request=ProjectInput, responses=ProjectOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Rename it."""
        project = my_project(request, pk)
        data = ProjectInput(data=request.data)
        data.is_valid(raise_exception=True)
        projects.rename(actor=request.user, project=project, **data.validated_data)
        return Response(ProjectOutput(project, context={"request": request}).data)


class MemberList(ListAPIView[Membership]):
    """Who belongs to the project."""

    serializer_class = MemberOutput
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        project = my_project(self.request, self.kwargs["pk"])
        return Membership.objects.filter(project=project).select_related("user")


class MemberDetail(APIView):
    """One member."""

    def member(self, request: Request, pk: UUID, member: int) -> Membership:
        known: Any = Membership.objects.visible_to(request.user).select_related("user", "project")
        found: Membership = get_object_or_404(known, pk=member, project=pk)
        return found

    @extend_schema(responses=MemberOutput)
    def get(self, request: Request, pk: UUID, member: int) -> Response:
        return Response(MemberOutput(self.member(request, pk, member)).data)

    @extend_schema(request=MemberInput, responses=MemberOutput)
    def patch(self, request: Request, pk: UUID, member: int) -> Response:
        """Give the member another role."""
        membership = self.member(request, pk, member)
        data = MemberInput(data=request.data)
        data.is_valid(raise_exception=True)
        changed = members.change_role(actor=request.user, membership=membership, **data.validated_data)
        return Response(MemberOutput(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, member: int) -> Response:
        """Take the member out, or leave."""
        members.remove(actor=request.user, membership=self.member(request, pk, member))
        return Response(status=204)
