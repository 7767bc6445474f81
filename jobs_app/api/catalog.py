"""Base models, prices and budgets through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import Project
from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.catalog import FIELDS
from jobs_app.core.prices import CURRENCIES, ITEMS
from jobs_app.models import Budget, CatalogEntry, Price
from jobs_app.providers import PROVIDERS
from jobs_app.services import budgets, catalog, prices

from .serializers import Visible

PROJECT = OpenApiParameter("project", UUID, required=True)
KIND = OpenApiParameter("kind", str, required=True, enum=list(PROVIDERS))


class ProjectQuery(serializers.Serializer[Any]):
    project = Visible(queryset=Project.objects.all())


class FactOutput(serializers.Serializer[Any]):
    value = serializers.JSONField(help_text="true, false, null (nobody says), a list, a number or a day.")
    source = serializers.CharField()
    checked_on = serializers.CharField()
    confirmed = serializers.BooleanField()


class OfferOutput(serializers.Serializer[Any]):
    kind = serializers.CharField()
    base_model = serializers.CharField(help_text="Empty: the provider in general.")
    label = serializers.CharField()
    known = serializers.BooleanField()
    facts = serializers.DictField(child=FactOutput())


class CatalogInput(serializers.Serializer[Any]):
    project = Visible(queryset=Project.objects.all())
    kind = serializers.CharField(max_length=40)
    base_model = serializers.CharField(max_length=200, allow_blank=True, default="")
    values = serializers.DictField(help_text=f"Any of: {', '.join(FIELDS)}.")
    source = serializers.CharField(max_length=300)


class CatalogOutput(serializers.ModelSerializer[CatalogEntry]):
    values = serializers.DictField(read_only=True)

    class Meta:
        model = CatalogEntry
        fields = ("id", "project", "kind", "base_model", "values", "source", "checked_on")
        read_only_fields = fields


class PriceLineOutput(serializers.Serializer[Any]):
    kind = serializers.CharField()
    base_model = serializers.CharField()
    item = serializers.ChoiceField(choices=list(ITEMS))
    amount = serializers.DecimalField(max_digits=12, decimal_places=6, help_text="For 1M tokens, or for an hour.")
    currency = serializers.CharField()
    source = serializers.CharField()
    valid_from = serializers.DateField()
    confirmed = serializers.BooleanField()
    own = serializers.BooleanField(help_text="Written by the project, not shipped with the product.")


class PriceInput(serializers.Serializer[Any]):
    project = Visible(queryset=Project.objects.all())
    kind = serializers.CharField(max_length=40)
    base_model = serializers.CharField(max_length=200)
    item = serializers.CharField(max_length=20, default="train")
    amount = serializers.CharField(max_length=20)
    currency = serializers.CharField(max_length=3)
    valid_from = serializers.DateField(required=False, allow_null=True)
    source = serializers.CharField(max_length=300)


class PriceOutput(serializers.ModelSerializer[Price]):
    class Meta:
        model = Price
        fields = ("id", "project", "kind", "base_model", "item", "amount", "currency", "valid_from", "source")
        read_only_fields = fields


class SpendingOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField(allow_null=True, help_text="Of the budget, where one is set.")
    currency = serializers.ChoiceField(choices=list(CURRENCIES))
    spent = serializers.DecimalField(max_digits=14, decimal_places=4)
    expected = serializers.DecimalField(max_digits=14, decimal_places=4, help_text="Of jobs that have not ended yet.")
    limit = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    stops = serializers.BooleanField()


class BudgetInput(serializers.Serializer[Any]):
    project = Visible(queryset=Project.objects.all())
    currency = serializers.CharField(max_length=3)
    amount = serializers.CharField(max_length=20)
    stops = serializers.BooleanField(default=True)


class CatalogView(APIView):
    """What base models can do. The catalog of a project is small: it comes whole."""

    @extend_schema(parameters=[PROJECT, KIND], responses=OfferOutput(many=True))
    def get(self, request: Request) -> Response:
        project, kind = _project(request), _kind(request)
        rows = [catalog.offer_of(project.pk, kind, ""), *catalog.offers(project.pk, kind)]
        return Response(OfferOutput(rows, many=True).data)

    @extend_schema(request=CatalogInput, responses=CatalogOutput)
    def put(self, request: Request) -> Response:
        """Write down what the project knows of a base model; replaces what it had written before."""
        return Response(CatalogOutput(catalog.note(actor=request.user, **_read(request, CatalogInput))).data)


class CatalogEntryDetail(APIView):
    @extend_schema(responses=CatalogOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(CatalogOutput(self._found(request, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        catalog.forget(actor=request.user, entry=self._found(request, pk))
        return Response(status=204)

    def _found(self, request: Request, pk: UUID) -> Any:
        return get_object_or_404(CatalogEntry.objects.visible_to(request.user).select_related("project"), pk=pk)


class PriceList(APIView):
    @extend_schema(parameters=[PROJECT, KIND], responses=PriceLineOutput(many=True))
    def get(self, request: Request) -> Response:
        """The lines that count today."""
        return Response(PriceLineOutput(prices.table(_project(request).pk, _kind(request)), many=True).data)

    @extend_schema(request=PriceInput, responses={201: PriceOutput})
    def post(self, request: Request) -> Response:
        return Response(PriceOutput(prices.add(actor=request.user, **_read(request, PriceInput))).data, status=201)


class PriceDetail(APIView):
    @extend_schema(responses=PriceOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(PriceOutput(self._found(request, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        prices.remove(actor=request.user, price=self._found(request, pk))
        return Response(status=204)

    def _found(self, request: Request, pk: UUID) -> Any:
        return get_object_or_404(Price.objects.visible_to(request.user).select_related("project"), pk=pk)


class BudgetList(APIView):
    @extend_schema(parameters=[PROJECT], responses=SpendingOutput(many=True))
    def get(self, request: Request) -> Response:
        """Spending and budget of the running month, for each currency."""
        return Response(_spending(_project(request)))

    @extend_schema(request=BudgetInput, responses=SpendingOutput(many=True))
    def put(self, request: Request) -> Response:
        """Set the budget of a month in one currency."""
        budget = budgets.set_limit(actor=request.user, **_read(request, BudgetInput))
        return Response(_spending(budget.project))


class BudgetDetail(APIView):
    @extend_schema(responses=SpendingOutput)
    def get(self, request: Request, pk: int) -> Response:
        """Spending and budget of the running month in the budget's currency."""
        budget = self._found(request, pk)
        return Response(next(one for one in _spending(budget.project) if one["id"] == budget.pk))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        budgets.remove(actor=request.user, budget=self._found(request, pk))
        return Response(status=204)

    def _found(self, request: Request, pk: int) -> Any:
        return get_object_or_404(Budget.objects.visible_to(request.user).select_related("project"), pk=pk)


def _spending(project: Project) -> Any:
    ids = dict(Budget.objects.filter(project=project).values_list("currency", "pk"))
    rows = [
        {
            "id": ids.get(one.currency), "currency": one.currency, "spent": one.spent, "expected": one.expected,
            "limit": one.limit, "stops": one.stops,
        }
        for one in budgets.state(project.pk)
    ]  # fmt: skip
    return SpendingOutput(rows, many=True).data


def _read(request: Request, shape: type[Any]) -> dict[str, Any]:
    data = shape(data=request.data, context={"request": request})
    data.is_valid(raise_exception=True)
    return dict(data.validated_data)


def _project(request: Request) -> Project:
    query = ProjectQuery(data=request.query_params, context={"request": request})
    query.is_valid(raise_exception=True)
    found: Project = query.validated_data["project"]
    return found


def _kind(request: Request) -> str:
    kind = request.query_params.get("kind", "")
    if kind not in PROVIDERS:
        raise InvalidInput(kind=Text("There is no such provider. Known are: {kinds}.", kinds=Listed(PROVIDERS)))
    return kind
