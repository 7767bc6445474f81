"""How an API request says who it is: a Bearer token, or the browser's session (with CSRF)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from .models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView

SAFE = {"GET", "HEAD", "OPTIONS"}


def hash_secret(secret: str) -> str:
    """How one-time and bearer secrets are stored: sha256, hex. They are long and random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>`. Unknown, expired or revoked is 401, never a fall-back to the session."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        words = authentication.get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != self.keyword.lower():
            return None
        if len(words) != 2:
            raise exceptions.AuthenticationFailed(_("Send the token as “Authorization: Bearer TOKEN”."))
        now = timezone.now()
        token = (
            ApiToken.objects.select_related("user")
            .filter(secret_hash=hash_secret(words[1]), revoked_at=None, expires_at__gt=now, user__is_active=True)
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is unknown, expired or revoked."))
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
        if token.last_used_at is None or token.last_used_at < now - timedelta(minutes=1):
            ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        token.user.only_project = token.project_id
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; unsafe methods need the CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScopeAllows(permissions.BasePermission):
    """A token's scopes: `read` for GET, `write` for the rest, `jobs` besides for views that set `scope = "jobs"`.

    A session has every scope. Roles are checked by the services, on top of this.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        needed = "read" if request.method in SAFE else getattr(view, "scope", "write")
        self.message = _("This token lacks the scope “%(scope)s”.") % {"scope": needed}
        return needed in token.scopes.split()
