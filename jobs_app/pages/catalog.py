"""What base models can do and what they cost, in the browser: the product's knowledge and the project's own over it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.models import Project
from ftstudio.accounts.policy import allows
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core.catalog import FIELDS, LABELS
from jobs_app.core.prices import ITEMS
from jobs_app.models import CatalogEntry, Connection, Price
from jobs_app.providers import PROVIDERS
from jobs_app.services import catalog, prices

from .catalog_forms import CatalogForm, PriceForm


@login_required
@require_safe
def catalog_list(request: PersonRequest) -> HttpResponse:
    project = _project(request)
    used = Connection.objects.filter(project=project).values_list("kind", flat=True)
    kind = request.GET.get("kind") or next((name for name in PROVIDERS if name in set(used)), next(iter(PROVIDERS)))
    if kind not in PROVIDERS:
        raise Http404
    paid = {line.base_model: line for line in prices.table(project.pk, kind) if line.item == "train"}
    rows = [
        (offer, paid.get(offer.base_model), _address(kind, offer.base_model))
        for offer in catalog.offers(project.pk, kind)
    ]
    context = {
        "kind": kind,
        "kinds": [(name, provider.label) for name, provider in PROVIDERS.items()],
        "rows": rows,
        "general": _address(kind, ""),
        "capabilities": PROVIDERS[kind].capabilities,
        "may_change": allows(request.user, project, "catalog.update"),
    }
    return render_page(request, "catalog/list.html", context)


@login_required
def catalog_model(request: PersonRequest) -> HttpResponse:
    """One base model (`?kind=…&model=…`; without a model: the provider in general)."""
    project, kind, model = _asked(request)
    form = _form(request, project, kind, model, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            catalog.note(
                actor=request.user, project=project, kind=kind, base_model=model, values=form.values(),
                source=form.cleaned_data["source"],
            )  # fmt: skip
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(_address(kind, model))
    return _model_page(request, project, kind, model, form, PriceForm())


@login_required
@require_POST
def catalog_forget(request: PersonRequest, pk: UUID) -> HttpResponse:
    entry = get_object_or_404(CatalogEntry.objects.visible_to(request.user).select_related("project"), pk=pk)
    address = _address(entry.kind, entry.base_model)
    catalog.forget(actor=request.user, entry=entry)
    return HttpResponseRedirect(address)


@login_required
@require_POST
def price_create(request: PersonRequest) -> HttpResponse:
    project, kind, model = _asked(request)
    form = PriceForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            prices.add(actor=request.user, project=project, kind=kind, base_model=model, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(_address(kind, model))
    return _model_page(request, project, kind, model, _form(request, project, kind, model, None), form)


@login_required
@require_POST
def price_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    price = get_object_or_404(Price.objects.visible_to(request.user).select_related("project"), pk=pk)
    prices.remove(actor=request.user, price=price)
    return redirect(_address(price.kind, price.base_model))


def _model_page(
    request: PersonRequest, project: Project, kind: str, model: str, form: CatalogForm, price_form: PriceForm
) -> HttpResponse:
    offer = catalog.offer_of(project.pk, kind, model)
    counting = [line for line in prices.table(project.pk, kind) if line.base_model == model]
    context: dict[str, Any] = {
        "offer": offer,
        "provider_label": PROVIDERS[kind].label,
        "kind": kind,
        "facts": [(LABELS[name], FIELDS[name], offer.fact(name)) for name in FIELDS],
        "entry": CatalogEntry.objects.filter(project=project, kind=kind, base_model=model).first(),
        "prices": [(ITEMS[line.item], line) for line in counting],
        "written": Price.objects.filter(project=project, kind=kind, base_model=model).select_related("created_by"),
        "form": form,
        "price_form": price_form,
        "query": urlencode({"kind": kind, "model": model}),
        "may_change": allows(request.user, project, "catalog.update"),
    }
    return render_page(request, "catalog/detail.html", context, status=422 if form.errors or price_form.errors else 200)


def _form(request: PersonRequest, project: Project, kind: str, model: str, data: Any) -> CatalogForm:
    entry = CatalogEntry.objects.filter(project=project, kind=kind, base_model=model).first()
    kept, source = (entry.values, entry.source) if entry else ({}, "")
    offer = catalog.offer_of(project.pk, kind, model)
    return CatalogForm(data, offer=offer, kept=kept, initial={"source": source}, prefix="fact")


def _asked(request: PersonRequest) -> tuple[Project, str, str]:
    kind, model = request.GET.get("kind") or next(iter(PROVIDERS)), request.GET.get("model", "")
    if kind not in PROVIDERS or len(model) > 200 or "\0" in model:
        raise Http404
    return _project(request), kind, model


def _project(request: PersonRequest) -> Project:
    project = current_project(request)
    if project is None:
        raise Http404
    return project


def _address(kind: str, model: str) -> str:
    return f"{reverse('pages:catalog-model')}?{urlencode({'kind': kind, 'model': model})}"
