"""Settings of the test run: the real ones, faster hashing, no broker, no cache server.

`make test-services` sets DATABASE_URL and REDIS_URL; then the suite runs on PostgreSQL and Redis instead.
"""

import atexit
import os
import shutil
import tempfile
from urllib.parse import urlsplit, urlunsplit

if "FTSTUDIO_VAR" not in os.environ:  # the first process of a run makes it; all others inherit it
    os.environ["FTSTUDIO_VAR"] = tempfile.mkdtemp(prefix="ftstudio-tests-")
    atexit.register(shutil.rmtree, os.environ["FTSTUDIO_VAR"], ignore_errors=True)

from ftstudio.settings import *  # noqa: F403
from ftstudio.settings import CACHES, DATABASE_URL, DATABASES, INSTALLED_APPS, MIDDLEWARE, REDIS_URL, STORAGES, VAR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True
DATABASES["default"]["CONN_MAX_AGE"] = 0
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "one")
# The processes of a parallel run keep their files apart: a test that looks into a folder finds its own there.
STORAGES["default"]["OPTIONS"] = {**STORAGES["default"]["OPTIONS"], "location": VAR / "files" / WORKER}
if not REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CELERY_BROKER_URL = "memory://"
else:
    # The processes of a parallel run share one server, but not each other's cache: each has a database of its own,
    # since `cache.clear()` empties a whole one. 0 is the broker's, 15 that of tests/ops/test_compose.py.
    number = int(WORKER.removeprefix("gw")) if WORKER.startswith("gw") else 0
    own = number + 1 if number < 14 else number + 2
    CACHES["default"]["LOCATION"] = urlunsplit(urlsplit(REDIS_URL)._replace(path=f"/{own}"))
    # A server that lost its processor for a second is not away: what is counted there would be counted anew.
    CACHES["default"]["OPTIONS"] = {"socket_connect_timeout": 60, "socket_timeout": 60}
WHITENOISE_AUTOREFRESH = True
ACCOUNT_RATE_LIMITS = False
if not DATABASE_URL:
    # A file, as in the product. In memory all threads share one cache, where a reader locks writers out at once and no
    # busy timeout helps: the browser's requests would break what a test's worker is writing, and the other way round.
    DATABASES["default"]["TEST"] = {"NAME": VAR / "test.sqlite3"}
