"""What a tuned model saves, in the browser."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy

from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.models import ModelVersion
from jobs_app.services import savings


class SavingsForm(forms.Form):
    prompt = forms.CharField(
        label=gettext_lazy("What the base model has to be told"),
        max_length=savings.LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("The long prompt with rules and examples that the tuned model does without."),
    )
    answer = forms.IntegerField(
        label=gettext_lazy("Tokens of an answer"),
        min_value=0,
        max_value=10**6,
        required=False,
        help_text=gettext_lazy("Empty: the mean of the training answers."),
    )


@login_required
def model_savings(request: PersonRequest, pk: UUID) -> HttpResponse:
    rows = ModelVersion.objects.visible_to(request.user).select_related("connection", "job__snapshot__dataset")
    version = get_object_or_404(rows.defer("connection__credential"), pk=pk)
    snapshot = version.job.snapshot
    usual = snapshot.dataset.system_prompt if snapshot else ""
    form = SavingsForm(request.POST or None, initial={"prompt": usual})
    found = None
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            found = savings.savings_of(version, **form.cleaned_data)
    context = {"version": version, "form": form, "found": found}
    return render_page(request, "models/savings.html", context, status=422 if form.errors else 200)
