"""Comments through the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Comment, Sample
from datasets_app.services import comments
from ftstudio.accounts.api.serializers import PersonOutput

from .loading import ApiCursor, read, visible


class CommentOutput(serializers.ModelSerializer[Comment]):
    """What somebody said about a sample, or about a passage of it (`path`, `start`, `end` as a finding's)."""

    by = PersonOutput()
    resolved_by = PersonOutput(allow_null=True)
    mentions = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of the people who were told.")

    class Meta:
        model = Comment
        fields = (
            "id", "sample", "revision", "by", "text", "path", "start", "end", "mentions", "at", "changed_at",
            "resolved_at", "resolved_by",
        )  # fmt: skip


class CommentInput(serializers.Serializer[Any]):
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)  # the service says what is wrong with it
    path = serializers.CharField(required=False, allow_blank=True, default="")
    start = serializers.IntegerField(required=False, allow_null=True, default=None)
    end = serializers.IntegerField(required=False, allow_null=True, default=None)
    client_id = serializers.CharField(required=False, allow_null=True, default=None)


class CommentChange(serializers.Serializer[Any]):
    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    resolved = serializers.BooleanField(required=False)


class CommentList(ListAPIView[Comment]):
    """A sample's comments, oldest first."""

    class Oldest(ApiCursor):
        ordering = "pk"

    serializer_class = CommentOutput
    pagination_class = Oldest
    queryset = Comment.objects.none()

    def get_queryset(self) -> QuerySet[Comment]:
        sample = visible(Sample.objects.select_related("dataset"), self.request, pk=self.kwargs["pk"])
        return comments.on(sample, actor=self.request.user)

    @extend_schema(request=CommentInput, responses={201: CommentOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Say something about the sample; @username tells somebody."""
        sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
        made = comments.add(actor=request.user, sample=sample, **read(CommentInput, request))
        return Response(CommentOutput(made).data, status=201)


class CommentDetail(APIView):
    @extend_schema(responses=CommentOutput)
    def get(self, request: Request, pk: int) -> Response:
        """One comment."""
        return Response(CommentOutput(_comment(request, pk)).data)

    @extend_schema(request=CommentChange, responses=CommentOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Reword one's own comment, resolve a comment or open it again."""
        comment, asked = _comment(request, pk), read(CommentChange, request)
        if "text" in asked:
            comment = comments.change(actor=request.user, comment=comment, text=asked["text"])
        if "resolved" in asked:
            settle = comments.resolve if asked["resolved"] else comments.reopen
            comment = settle(actor=request.user, comment=comment)
        return Response(CommentOutput(comment).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take one's own comment away."""
        comments.remove(actor=request.user, comment=_comment(request, pk))
        return Response(status=204)


def _comment(request: Request, pk: int) -> Comment:
    """One that the asker may read: who has still to judge alone sees nobody else's."""
    rows = Comment.objects.select_related("by", "resolved_by", "dataset__project", "sample__dataset__project")
    found: Comment = visible(rows, request, pk=pk)
    if not comments.on(found.sample, actor=request.user).filter(pk=pk).exists():
        raise Http404
    return found
