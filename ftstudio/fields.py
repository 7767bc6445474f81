"""Model fields that the apps share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from ftstudio.errors import Unavailable

if TYPE_CHECKING:  # the attribute holds JSON, not text; the class itself cannot say so at run time
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class _KeptAsText(_TextField):
    """A text column that means more to Python. Migrations know the column only, so no history hangs on our modules."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


class OrderedJSONField(_KeptAsText):
    """JSON kept as text: key order and number form survive, which PostgreSQL's jsonb does not promise."""

    if TYPE_CHECKING:  # what the plugin of django-stubs reads: anything may be set
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or "null"


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedTextField(_KeptAsText):
    """Text that is encrypted at rest with the newest of `settings.CREDENTIAL_KEYS` (Fernet, AES-128-CBC + HMAC).

    Reading a value that none of the keys opens raises Unavailable, which names the setting to mend.
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        if not value:
            return value
        try:
            return _fernet(tuple(settings.CREDENTIAL_KEYS)).decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(
                "A stored credential cannot be opened: FTSTUDIO_CREDENTIAL_KEYS lacks the key it was written with."
            ) from error

    def get_prep_value(self, value: str | None) -> str | None:
        return _fernet(tuple(settings.CREDENTIAL_KEYS)).encrypt(value.encode()).decode() if value else value
