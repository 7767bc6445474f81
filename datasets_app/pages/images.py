"""Pictures in the browser: a project's stored ones, and those that lie inside a sample as thumbnails."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe

from datasets_app.models import Image, Sample
from datasets_app.services import images
from ftstudio.accounts.models import Project
from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput
from ftstudio.web.pagination import keyset
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .forms import ImageForm
from .landing import landing_on, status_of

SHOWN = 60
FOR_EVER = "private, max-age=31536000, immutable"  # what an address by content shows never changes


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The project's pictures with the addresses that samples call them by; a form to bring one in."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    form = ImageForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            image = images.add(actor=request.user, project=project, **form.cleaned_data)
            return redirect(f"{request.path}?new={image.sha256}#pictures")
    context = {
        "project": project,
        "image_form": form,
        "page": keyset(
            images.stored(project), cursor=request.GET.get("cursor", ""), size=SHOWN, key="id", newest_first=True
        ),
        "new": request.GET.get("new", ""),
        "may_add": allows(request.user, project, "images.create"),
    }
    return render_page(request, "images/list.html", context, status=status_of(form))


def _stored(request: PersonRequest, pk: UUID, sha256: str) -> Image:
    return get_object_or_404(Image.objects.visible_to(request.user), project=pk, sha256=sha256)


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID, sha256: str) -> HttpResponseBase:
    """The picture itself."""
    image = _stored(request, pk, sha256)
    return _shown(FileResponse(images.opened(image), content_type=image.media_type), image.file_name)


@login_required
@require_safe
def thumbnail(request: PersonRequest, pk: UUID, sha256: str) -> HttpResponseBase:
    """The picture in at most 320 × 320 pixels."""
    image = _stored(request, pk, sha256)
    return _shown(FileResponse(images.opened(image, small=True), content_type="image/webp"), f"{sha256[:12]}.webp")


@login_required
@require_safe
def inside(request: PersonRequest, pk: int, number: int) -> HttpResponseBase:
    """The thumbnail of a picture that a sample holds in a data: address."""
    sample = get_object_or_404(Sample.objects.visible_to(request.user), pk=pk)
    try:
        data = images.thumbnail_inside(sample, number)
    except (LookupError, InvalidInput) as error:
        raise Http404 from error
    # It changes with the sample: a browser asks again, as for every page.
    return _shown(HttpResponse(data, content_type="image/webp"), f"{sample}-{number}.webp", keep="private, no-cache")


def _shown(answer: HttpResponseBase, name: str, keep: str = FOR_EVER) -> HttpResponseBase:
    """Nothing but a picture, whatever somebody makes of its bytes."""
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = keep
    return answer
