"""The WSGI entry: Django, and beside it the rehearsal server under /rehearsal where it is switched on."""

from __future__ import annotations

import os
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")

application: WSGIApplication = get_wsgi_application()
if settings.REHEARSAL:
    rehearsal = import_string("jobs_app.rehearsal.app.create_app")(
        folder=settings.REHEARSAL_FOLDER, seconds=settings.REHEARSAL_SECONDS, own=(settings.SITE_URL,)
    )
    application = DispatcherMiddleware(application, {"/rehearsal": rehearsal})
