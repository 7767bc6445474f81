"""What the providers over plain JSON and a Bearer key have in common. Each adds its own paths, tables and readings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx2

from ftstudio.errors import Text
from jobs_app.providers import _values
from jobs_app.providers._rest import Rest, openai_error
from jobs_app.providers.base import ErrorKind, Pieces, Provider, ProviderError, Reply

NO_OPTIONS: Mapping[str, str] = {}


class PlainProvider(Provider):
    """`codes` says what the provider's error codes mean; a code that it lacks is judged by the HTTP status."""

    codes: ClassVar[Mapping[str, ErrorKind]] = {}

    def __init__(
        self, *, base_url: str, credential: str, http: httpx2.Client, options: Mapping[str, str] = NO_OPTIONS
    ) -> None:
        secret = credential.strip()
        if not re.fullmatch(r"[\x21-\x7e]+", secret):
            raise ProviderError(
                Text("The connection's credential is empty or holds characters that no key has."), "auth"
            )
        self._base = base_url.rstrip("/")
        self._rest = Rest(
            http,
            self._base,
            headers={"Authorization": f"Bearer {secret}", **self.headers(options)},
            secrets=(secret,),
            codes=self.codes,
            code_of=self.code_of,
        )

    @classmethod
    def headers(cls, options: Mapping[str, str]) -> Mapping[str, str]:
        """What is sent along with every request beside the key."""
        return {}

    @staticmethod
    def code_of(body: Mapping[str, Any]) -> tuple[str, str]:
        """The provider's code and sentence in the body of a refusal."""
        return openai_error(body)

    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Reply:
        body = {"model": model, "messages": list(messages), **decoding}
        return _values.reply(self._rest.ask("POST", f"{self.chat_url(self._base)}/chat/completions", json=body))

    def stream(self, model: str, messages: Sequence[Mapping[str, Any]], **decoding: Any) -> Pieces:
        body = {"model": model, "messages": list(messages), **decoding, "stream": True}
        return _values.pieces(self._rest.lines(f"{self.chat_url(self._base)}/chat/completions", json=body))

    def close(self) -> None:
        self._rest.close()
