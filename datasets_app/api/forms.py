"""The form of a JSON answer through the API: its fields, and the text after one step in it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core import forms
from datasets_app.models import Sample
from datasets_app.services import answer_forms
from ftstudio.web.texts import say

from .loading import read, visible
from .serializers.fields import TextField


class FormInput(serializers.Serializer[Any]):
    """`text` is the answer's JSON text (left out: as the sample has it). `values` are what was typed, by JSON Pointer;
    null is null. Then `step` is taken at the pointer `at`; `argument` is its branch, JSON or key."""

    text = TextField(required=False)
    values = serializers.DictField(child=TextField(allow_null=True), required=False)
    step = serializers.ChoiceField(forms.STEPS, required=False)
    at = TextField(required=False)
    argument = TextField(required=False)


class FormOptionOutput(serializers.Serializer[forms.Option]):
    json = serializers.CharField()
    label = serializers.CharField()
    allowed = serializers.BooleanField()


class FormFieldOutput(serializers.Serializer[forms.Field]):
    """One field: `widget` is object, array, text, number, boolean, choice or any; `value` what an input shows, for
    choice, boolean and any as JSON. `faults` says what is wrong with it."""

    path = serializers.CharField()
    widget = serializers.CharField()
    label = serializers.CharField()
    description = serializers.CharField()
    required = serializers.BooleanField()
    present = serializers.BooleanField()
    null = serializers.BooleanField()
    nullable = serializers.BooleanField()
    unknown = serializers.BooleanField()
    value = serializers.CharField()
    options = FormOptionOutput(many=True)
    branches = serializers.SerializerMethodField()
    branch = serializers.IntegerField()
    faults = serializers.SerializerMethodField()

    def get_branches(self, field: forms.Field) -> list[str]:
        return [say(name) for name in field.branches]

    def get_faults(self, field: forms.Field) -> list[str]:
        return [say(text) for text in self.context["faults"].get(field.path, ())]


class FormOutput(serializers.Serializer[Any]):
    """`text` is the answer after what was asked; `problem` says why there are no fields where it is no JSON."""

    text = serializers.CharField()
    problem = serializers.CharField()
    fields = serializers.ListField(child=FormFieldOutput())  # type: ignore[assignment]


class SampleForm(APIView):
    @extend_schema(request=FormInput, responses=FormOutput)
    def post(self, request: Request, pk: int) -> Response:
        """The form of the answer under the contract's schema; nothing is stored."""
        sample = visible(Sample.objects.select_related("dataset"), request, pk=pk)
        given = read(FormInput, request)
        seen = answer_forms.look(sample=sample, **given)
        context = {"faults": seen.faults}
        fields = FormFieldOutput(seen.fields, many=True, context=context).data
        problem = say(seen.form.problem.text) if seen.form.problem else ""
        return Response({"text": seen.form.text, "problem": problem, "fields": fields})
