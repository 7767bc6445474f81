"""Settings that no environment changes: how the API reads, answers and describes itself, and what a page may load."""

from __future__ import annotations

from csp.constants import NONCE, NONE, SELF

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ftstudio.accounts.authentication.TokenAuthentication",
        "ftstudio.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "ftstudio.accounts.authentication.ScopeAllows",
    ],
    "DEFAULT_PARSER_CLASSES": ["ftstudio.web.parsers.StorableJSON"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "ftstudio.web.pagination.ApiCursor",
    "EXCEPTION_HANDLER": "ftstudio.web.refusals.api_refusal",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ftstudio",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ftstudio.web.schema.without_column_limits",
    ],
    # Fields called `state` in several nouns: the enums keep their own names.
    "ENUM_NAME_OVERRIDES": {
        "WorkState": "datasets_app.models.upload.UploadState",
        "SnapshotState": "datasets_app.models.snapshot.SnapshotState",
        "ScanState": "datasets_app.models.scan.ScanState",
        "BulkState": "datasets_app.models.bulk_change.BulkState",
        "AskingState": "jobs_app.models.asking.AskingState",
        "Verdict": "datasets_app.models.decision.Verdict",
        "GateState": ["met", "unmet", "unmeasured"],
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
