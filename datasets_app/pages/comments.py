"""Comments on the desk: the part `comments`, swapped as a whole; without a script the desk comes back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from datasets_app.models import Comment, Sample
from datasets_app.services import comments
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput
from ftstudio.web.refusals import status_of
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

VERBS = {"resolve": comments.resolve, "reopen": comments.reopen, "remove": comments.remove}


def comments_context(sample: Sample, user: User, **more: Any) -> dict[str, Any]:
    """The thread, open comments first, and whom one may call."""
    thread = sorted(comments.on(sample, actor=user), key=lambda comment: comment.resolved_at is not None)
    quotes = comments.quotes(thread)
    for comment in thread:
        comment.quote = quotes.get(comment.pk, "")  # type: ignore[attr-defined]
    return {
        "sample": sample,
        "comments": thread,
        "comments_open": sum(comment.resolved_at is None for comment in thread),
        "comment_id": uuid4().hex,
        "comment_text": "",
        "comment_problem": "",
        "may_comment": allows(user, sample.dataset.project_id, "comments.create"),
        "people": [person for person in comments.members(sample.dataset.project) if person.pk != user.pk],
        **more,
    }


@login_required
@require_POST
def create(request: PersonRequest, pk: int) -> HttpResponse:
    """Add a comment. What is refused stays in the field."""
    rows = Sample.objects.visible_to(request.user).select_related("dataset__project")
    sample = get_object_or_404(rows, pk=pk)
    text, post = request.POST.get("text", ""), request.POST
    place = {name: int(post[name]) for name in ("start", "end") if post.get(name, "").isdecimal() and post.get("path")}
    try:
        comments.add(
            actor=request.user, sample=sample, text=text, client_id=post.get("comment_id", "")[:40] or None,
            path=post.get("path", "") if place else "", **place,
        )  # fmt: skip
    except InvalidInput as error:
        problem = say(error.message)
        return _shown(request, sample, status=status_of(error), comment_text=text, comment_problem=problem)
    return _shown(request, sample)


@login_required
@require_POST
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Resolve, reopen, remove or reword a comment: the field `verb` says which."""
    rows = Comment.objects.visible_to(request.user).select_related("dataset__project", "sample__dataset__project", "by")
    comment = get_object_or_404(rows, pk=pk)
    get_object_or_404(comments.on(comment.sample, actor=request.user), pk=pk)
    if verb := VERBS.get(request.POST.get("verb", "")):
        verb(actor=request.user, comment=comment)
    else:
        comments.change(actor=request.user, comment=comment, text=request.POST.get("text", ""))
    return _shown(request, comment.sample)


def _shown(request: PersonRequest, sample: Sample, status: int = 200, **more: Any) -> HttpResponse:
    if not request.htmx and not more:
        return redirect("pages:sample-detail", sample.pk)
    return render(request, "samples/_comments.html", comments_context(sample, request.user, **more), status=status)
