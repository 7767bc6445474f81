"""Where providers deliver their webhooks: no session, no form, an answer at once."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ftstudio.errors import NotAllowed
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS
from jobs_app.services import webhooks


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """204 for a message that was signed, new or not; 401 for another; 404 where nobody waits for one."""
    connection = Connection.objects.filter(pk=pk).exclude(webhook_secret="").first()
    if connection is None or connection.kind not in PROVIDERS:
        raise Http404
    body = request.read(webhooks.LARGEST + 1)
    if len(body) > webhooks.LARGEST:
        return HttpResponse(status=413)
    try:
        webhooks.receive(connection=connection, body=body, headers=dict(request.headers))
    except NotAllowed:
        return HttpResponse(status=401)
    return HttpResponse(status=204)
