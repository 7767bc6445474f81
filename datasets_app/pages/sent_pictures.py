"""Pictures that come with the desk's form: where no script sends them ahead, they are kept before the form is read."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST

from datasets_app.models import Sample
from datasets_app.services import images
from ftstudio.errors import InvalidInput
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .forms import ImageForm
from .loading import sample_of
from .shown_pictures import shown_picture

_REPLACES = re.compile(r"(\w+-part-\d+)-upload")
_ADDS = re.compile(r"(\w+)-upload")


def with_pictures(request: PersonRequest, sample: Sample) -> QueryDict:
    """The form with each sent picture's address in the place of its file. Raises InvalidInput for what is no picture.

    `KEY-part-N-upload` takes the place of the Nth part of turn KEY; `KEY-upload` is added to the turn.
    """
    if not request.FILES:
        return request.POST
    post = request.POST.copy()
    for name, files in request.FILES.lists():
        replaces, adds = _REPLACES.fullmatch(name), _ADDS.fullmatch(name)
        for file in files:
            if replaces:
                post[f"{replaces[1]}-address"] = _kept(request, sample, file)
            elif adds:
                post.appendlist(f"{adds[1]}-picture", _kept(request, sample, file))
    return post


def _kept(request: PersonRequest, sample: Sample, file: UploadedFile) -> str:
    return images.add(actor=request.user, project=sample.dataset.project, file=file).address


@login_required
@require_POST
def keep(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep one picture for the form that is open; answers with what the desk shows of it and its address."""
    sample = sample_of(request, pk)
    form = ImageForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise InvalidInput.of({name: str(errors[0]) for name, errors in form.errors.items()})
        address = images.add(actor=request.user, project=sample.dataset.project, **form.cleaned_data).address
    except InvalidInput as error:
        return render(request, "samples/picture.html", {"problem": say(error.message)}, status=422)
    context = {"problem": "", "address": address, "picture": shown_picture(sample, 0, address)}
    return render(request, "samples/picture.html", context)
