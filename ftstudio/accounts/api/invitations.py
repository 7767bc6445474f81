"""Invitations over the API; the link is in the answer that makes it, and nowhere else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.authentication import ScopeAllows
from ftstudio.accounts.models import Invitation
from ftstudio.accounts.policy import require
from ftstudio.accounts.services import invitations

from .projects import my_project
from .serializers import InvitationAcceptInput, InvitationCreated, InvitationInput, InvitationOutput, PersonOutput


class InvitationList(ListAPIView[Invitation]):
    """The project's invitations, open and used. For leads and owners."""

    serializer_class = InvitationOutput
    queryset = Invitation.objects.none()

    def get_queryset(self) -> QuerySet[Invitation]:
        project = my_project(self.request, self.kwargs["pk"])
        require(self.request.user, project, "members.invite")
        return Invitation.objects.filter(project=project).select_related("created_by", "accepted_by")

    @extend_schema(request=InvitationInput, responses={201: InvitationCreated})
    def post(self, request: Request, pk: UUID) -> Response:
        """Make a one-time link."""
        project = my_project(request, pk)
        data = InvitationInput(data=request.data)
        data.is_valid(raise_exception=True)
        invitation, secret = invitations.invite(actor=request.user, project=project, **data.validated_data)
        link = request.build_absolute_uri(invitations.path_of(secret))
        shown = InvitationCreated(invitation, context={"link": link}).data
        return Response(shown, status=201, headers={"Cache-Control": "private, no-store"})


class InvitationDetail(APIView):
    """One invitation. For leads and owners."""

    def invitation(self, request: Request, pk: UUID, invitation: UUID) -> Invitation:
        project = my_project(request, pk)
        known: Any = Invitation.objects.filter(project=project)
        found: Invitation = get_object_or_404(
            known.select_related("project", "created_by", "accepted_by"), pk=invitation
        )
        require(request.user, project, "members.invite")
        return found

    @extend_schema(responses=InvitationOutput)
    def get(self, request: Request, pk: UUID, invitation: UUID) -> Response:
        return Response(InvitationOutput(self.invitation(request, pk, invitation)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, invitation: UUID) -> Response:
        """Withdraw it."""
        invitations.withdraw(actor=request.user, invitation=self.invitation(request, pk, invitation))
        return Response(status=204)


class InvitationAccept(APIView):
    """Use a link: join, or make an account and join. The secret is the permission."""

    permission_classes = (AllowAny, ScopeAllows)

    @extend_schema(request=InvitationAcceptInput, responses={201: PersonOutput}, auth=[{}])  # type: ignore[list-item]
    def post(self, request: Request) -> Response:
        data = InvitationAcceptInput(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        if request.user.is_authenticated:
            given = {"secret": given["secret"], "user": request.user}
        return Response(PersonOutput(invitations.accept(**given)).data, status=201)
