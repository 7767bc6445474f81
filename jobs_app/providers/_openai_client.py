"""OpenAI's official client: how it is made, what it is asked, and what it says when a request fails, in our words.

It is imported where it is used: it is a quarter of all that a process would load before it can start, and most
processes never speak to OpenAI.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import httpx2

from ftstudio.errors import Text
from jobs_app.providers import _wire
from jobs_app.providers.base import (
    ErrorKind,
    Provider,
    ProviderError,
)

if TYPE_CHECKING:
    import openai

PROVIDER = ()  # no provider lives in this module; the registry passes it by

NO_OPTIONS: Mapping[str, str] = {}


class OpenAIClient(Provider):
    """The client carries requests; answers are read by us, from what was really sent."""

    # What error codes (in lower case) mean where the HTTP status misleads.
    codes: ClassVar[Mapping[str, ErrorKind]] = {}

    def __init__(
        self, *, base_url: str, credential: str, http: httpx2.Client, options: Mapping[str, str] = NO_OPTIONS
    ) -> None:
        self._secret = credential.strip()
        if not re.fullmatch(r"[\x21-\x7e]+", self._secret):
            raise ProviderError(
                Text("The connection's credential is empty or holds characters that no key has."), "auth"
            )
        # The client's own retries stay off: on a create they could pay twice, elsewhere they would hold a worker.
        self._client = self.client(api_key=self._secret, base_url=base_url, http_client=http, max_retries=0)
        self._own_temperature: set[str] = set()  # models that refused one and answered without
        # The client picks these up from the environment of the process, where they belong to nobody's connection.
        self._client.organization = self._client.project = self._client.admin_api_key = None

    @staticmethod
    def client(**how: Any) -> openai.OpenAI:
        """The official client, made with these arguments of its own."""
        import openai

        return openai.OpenAI(**how)

    def close(self) -> None:
        self._client.close()

    def _ask(self, call: Callable[[], _Raw], *, creating: bool = False) -> dict[str, Any]:
        return _wire.document(self._send(call, creating=creating), creating=creating)

    def _send(self, call: Callable[[], _Raw], *, creating: bool = False) -> bytes:
        with self._heard(creating=creating):
            return self._redacted(call().content)

    @contextlib.contextmanager
    def _heard(self, *, creating: bool = False) -> Iterator[None]:
        """What the client says when a request fails, in our words: ProviderError."""
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            raise _wire.refused(error, secret=self._secret, creating=creating, codes=self.codes) from error
        except openai.APIConnectionError as error:
            raise _wire.unreachable(error, creating=creating) from error
        except ProviderError as refusal:
            # The guard speaks this way of an answer it will not read to its end: then the create was executed.
            if creating and refusal.transient:
                raise ProviderError(refusal.sentence, "unknown-outcome") from refusal
            raise

    def _redacted(self, content: bytes) -> bytes:
        return _wire.redacted(content, _wire.spellings(self._secret))

    def _move(self, call: Callable[[], _Raw]) -> str:
        return str(self._ask(call).get("status") or "")


class _Raw(Protocol):
    @property
    def content(self) -> bytes: ...
