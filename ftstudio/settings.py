"""The one settings file, and the only reader of the environment. It runs with an empty environment.

*Embedded* (nothing set): SQLite and every other state under `var/`, secrets made there on first use, for one
machine. *Production* (`FTSTUDIO_ENV=production`, as docker-compose.yml does): nothing is made up; a missing
secret, database or host list refuses to start. `docs/settings.md` describes every variable;
`checks.py` turns bad combinations into system checks with ids and hints.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import dj_database_url
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from ftstudio import environment as env
from ftstudio import fixed_settings
from ftstudio.sockets import broker_socket

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("FTSTUDIO_VAR", str(BASE_DIR / "var"))).resolve()
PRODUCTION = env.text("FTSTUDIO_ENV") == "production"
DEBUG = env.flag("DEBUG")


def _secret(name: str, file: str, make: str | None = None) -> str:
    """The secret from the environment; embedded, the one kept in var/."""
    if value := env.text(name):
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set. Give it (or {name}_FILE) before starting in production.")
    return env.kept_secret(VAR / file, make)


SECRET_KEY = _secret("SECRET_KEY", "secret_key")
# Newest first: the first encrypts, all decrypt. `manage.py rotate_credentials` re-encrypts after a change.
CREDENTIAL_KEYS = [
    key.strip()
    for key in _secret("FTSTUDIO_CREDENTIAL_KEYS", "credential_keys", Fernet.generate_key().decode()).split(",")
]

# --- Addresses -------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "ftstudio.web.refusals.page_csrf"
HTTPS = env.flag("FTSTUDIO_HTTPS", PRODUCTION)
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env.number("FTSTUDIO_HSTS_SECONDS", 30 * 24 * 3600 if HTTPS else 0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 14 * 24 * 3600
# Where this installation is reached: links in mail and on the command line, and the rehearsal server's address.
SITE_URL = env.text("FTSTUDIO_URL", "http://127.0.0.1:8000").rstrip("/")

# --- Parts -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "ftstudio",
    "ftstudio.accounts",
    "ftstudio.web",
    "datasets_app",
    "jobs_app",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ftstudio.web.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ftstudio.web.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "ftstudio.urls"
WSGI_APPLICATION = "ftstudio.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "ftstudio.web.context.chrome",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]
FORM_RENDERER = "ftstudio.web.controls.Renderer"

# --- Storage ---------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
if not DATABASE_URL and PRODUCTION:
    raise ImproperlyConfigured("DATABASE_URL is not set. A team runs on PostgreSQL: postgres://user:password@host/name")
if DATABASE_URL:
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
else:
    VAR.mkdir(parents=True, exist_ok=True)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(VAR / "ftstudio.sqlite3"),
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # The size of a page is that of a new file; one that is there keeps its own. Twice SQLite's 4,096 bytes
                # makes commits of many rows a quarter cheaper.
                "init_command": (
                    "PRAGMA page_size=8192;PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-16384;"
                ),
            },
        }
    }
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "files", "file_permissions_mode": 0o600},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
STATIC_URL = "static/"
# Embedded, the files are served from where they are (collecting them takes longer than starting).
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
_uplot = importlib.util.find_spec("uplot")
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *([("uplot", str(Path(_uplot.origin).parent / "static"))] if _uplot and _uplot.origin else []),
]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# --- Work in the background ------------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
BROKER_SOCKET = broker_socket(VAR)
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "ftstudio.cache.SoftRedisCache",
        "LOCATION": REDIS_URL or f"unix://{BROKER_SOCKET}?db=1",
        "KEY_PREFIX": "ftstudio",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message that a dead worker held is given out again after this; beat's sweeps find the work long before.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_connect_timeout": 2}
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
SWEEP_SECONDS = env.number("FTSTUDIO_SWEEP_SECONDS", 15)
POLL_SECONDS = env.number("FTSTUDIO_POLL_SECONDS", 3)
# Everything below recurs within seconds: there is no last run worth a file that a kill could damage.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "beat the worker's heart": {"task": "ftstudio.tasks.heartbeat", "schedule": 10},
    "take up unfinished data work": {"task": "datasets_app.tasks.sweep", "schedule": SWEEP_SECONDS},
    "take up unfinished submits": {"task": "jobs_app.tasks.sweep", "schedule": SWEEP_SECONDS},
    "mail what people have not read": {"task": "ftstudio.accounts.tasks.send_digests", "schedule": 600},
    "read which models stop": {"task": "jobs_app.tasks.read_lists_of_models", "schedule": 3600},
    "tell other systems about jobs": {"task": "jobs_app.tasks.deliver_due", "schedule": POLL_SECONDS},
    "ask providers about live jobs": {"task": "jobs_app.tasks.poll_due", "schedule": POLL_SECONDS},
}
# Worker processes that `manage.py up` starts; elsewhere start as many `celery worker` as there is memory for.
WORKERS = env.number("FTSTUDIO_WORKERS", min(2, os.cpu_count() or 1))
# How long a worker may be silent before another takes its work over, in seconds.
LEASE_SECONDS = env.number("FTSTUDIO_LEASE_SECONDS", 60)
# How long a sample is held for whoever has it open, after their desk was last heard of, and how long one that their
# desk has fetched ahead, in seconds.
HOLD_SECONDS = env.number("FTSTUDIO_HOLD_SECONDS", 600)
AHEAD_SECONDS = env.number("FTSTUDIO_AHEAD_SECONDS", 180)

# --- People ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "ftstudio.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = None  # the person ticks it at sign-in
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
}
MFA_TOTP_ISSUER = "ftstudio"
MFA_TOTP_TOLERANCE = 1  # half minutes (RFC 6238, 5.2): a code counts while the next is typed, and where a clock is slow
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
EMAIL_BACKEND = env.text("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "ftstudio@localhost")

# --- Language and time -----------------------------------------------------------------------------------------
LANGUAGE_CODE = env.text("FTSTUDIO_LANGUAGE", "en")
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")

# --- API -------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = fixed_settings.REST_FRAMEWORK
SPECTACULAR_SETTINGS = fixed_settings.SPECTACULAR_SETTINGS

# --- What a page may load: everything from here, scripts and styles only as files ----------------------------------
CONTENT_SECURITY_POLICY = fixed_settings.CONTENT_SECURITY_POLICY

# --- Limits: what a person may send ------------------------------------------------------------------------------
UPLOAD_MAX_BYTES = env.number("FTSTUDIO_UPLOAD_MAX_BYTES", 2 * 1024**3)
LINE_MAX_BYTES = env.number("FTSTUDIO_LINE_MAX_BYTES", 8 * 1024**2)
JSON_MAX_DEPTH = env.number("FTSTUDIO_JSON_MAX_DEPTH", 64)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.number("FTSTUDIO_BODY_MAX_BYTES", 16 * 1024**2)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the desk's form has about ten for each turn
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024**2
FILE_UPLOAD_TEMP_DIR = None
INGEST_CHUNK_ROWS = env.number("FTSTUDIO_INGEST_CHUNK_ROWS", 2000)
# Chunks of one upload, or of one check of all samples, that are worked on at the same time.
INGEST_PARALLEL = env.number("FTSTUDIO_INGEST_PARALLEL", 0)  # 0: one for each worker that is alive

# --- The rehearsal server: speaks a provider's language, trains nothing ------------------------------------------
REHEARSAL = env.flag("FTSTUDIO_REHEARSAL", not PRODUCTION)
REHEARSAL_URL = env.text("FTSTUDIO_REHEARSAL_URL", f"{SITE_URL}/rehearsal/v1")
REHEARSAL_FOLDER = VAR / "rehearsal"
REHEARSAL_SECONDS = env.number("FTSTUDIO_REHEARSAL_SECONDS", 40)
# Hosts that a connection may use beside its kind's own: the way to a company's proxy or a server in the house.
PROVIDER_HOSTS = env.words("FTSTUDIO_PROVIDER_HOSTS")
# Whether the owner of a project may open further addresses by name, also such as lie inside this network.
OWNERS_MAY_PERMIT = env.flag("FTSTUDIO_OWNERS_MAY_PERMIT", True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"httpx2": {"level": "WARNING"}, "openai": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
