"""What the data side's API views share: loading what the asker may see, and answering with files."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.utils.urls import remove_query_param, replace_query_param

from ftstudio.web.pagination import ApiCursor

M = TypeVar("M", bound=Model)


def visible(rows: QuerySet[Any], request: Request, **wanted: Any) -> Any:
    """One row that the asker may see, else 404. Called before the body is read: a stranger learns nothing."""
    return get_object_or_404(rows.visible_to(request.user), **wanted)  # type: ignore[attr-defined]


def read(form: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body in the serializer's shape; anything else is refused with 422."""
    serializer = form(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def address_of_page(request: Request, cursor: str) -> str | None:
    """The address of another page of what is asked for; None where there is none."""
    here = remove_query_param(request.build_absolute_uri(), "cursor")
    return replace_query_param(here, "cursor", cursor) if cursor else None


class NewestFirst(ApiCursor):
    ordering = ("-created_at", "-pk")


class HighestNumberFirst(ApiCursor):
    ordering = "-number"


class AnyAnswer(BaseContentNegotiation):
    """For downloads: they have one form, whatever the client says that it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
