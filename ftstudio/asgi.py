"""The ASGI entry, for servers that want one. The product itself needs only WSGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")
application = get_asgi_application()
