"""A small JSON client for providers without a client library of their own: one request, one answer, one kind of error.

Every provider says in a table what its error codes mean (`codes`); what stands in none is judged by its HTTP status. An
answer that cannot be read is no answer; after a create it means that nobody knows whether the job exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from ftstudio.errors import Text
from jobs_app.providers import _wire
from jobs_app.providers.base import ErrorKind, ProviderError

PROVIDER = ()  # no provider lives in this module; the registry passes it by

Body = Mapping[str, Any]
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Rest:
    """Requests below `base_url` with `headers`. `secrets` are blotted out of everything that comes back.

    `code_of` finds a provider's error code and sentence in the body of a refusal; `codes` says what a code means.
    """

    def __init__(
        self,
        http: httpx2.Client,
        base_url: str,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        codes: Mapping[str, ErrorKind],
        code_of: Callable[[Body], tuple[str, str]] = lambda body: openai_error(body),
        sign: Callable[[httpx2.Request], None] | None = None,
    ) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._headers = dict(headers)
        self._origin = _origin(self._base)
        self._secrets = _wire.spellings(*secrets)
        self._codes = codes
        self._code_of = code_of
        self._sign = sign

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Body | None = None,
        params: Mapping[str, Any] | None = None,
        creating: bool = False,
    ) -> dict[str, Any]:
        """The JSON object of the answer. Raises ProviderError; `creating`: see `base.Provider.create`."""
        content = self.send(method, path, json=json, params=params, creating=creating)
        return _wire.document(content, creating=creating)

    def upload(
        self, path: str, file: Path, *, field: str = "file", name: str = "", form: Mapping[str, str] | None = None
    ) -> Body:
        """Send a file as a multipart form, streamed from the disk; `name` is what the provider is told it is called."""
        with file.open("rb") as stream:
            files = {field: (name or file.name, stream, "application/jsonl")}
            return _wire.document(self.send("POST", path, files=files, data=dict(form or {})))

    def send(self, method: str, path: str, *, creating: bool = False, **more: Any) -> bytes:
        """The bytes of a good answer. `headers` come on top of our own.

        `path` may be a whole URL, which the guard has to allow; one of another origin than the provider's own is sent
        none of our own headers, for they hold the credential.
        """
        request = self._request(method, path, more)
        try:
            response = self._http.send(request)
        except httpx2.HTTPError as error:
            if creating and not isinstance(error, _NEVER_SENT):
                raise ProviderError(
                    Text("The connection broke before the provider answered, so the job may exist or not."),
                    "unknown-outcome",
                ) from error
            raise _wire.unreached(error) from error
        except ProviderError as refusal:
            # The guard speaks this way of an answer it will not read to its end: then the create was executed.
            if creating and refusal.transient:
                raise ProviderError(refusal.sentence, "unknown-outcome") from refusal
            raise
        if response.is_success:
            return self._redacted(response.content)
        raise self.refused(response.status_code, response.content, response.headers, creating=creating)

    def lines(self, path: str, *, json: Body) -> Iterator[str]:
        """The lines of an answer that is sent piece by piece, each as it arrives. Each may raise ProviderError."""
        try:
            response = self._http.send(self._request("POST", path, {"json": json}), stream=True)
            try:
                if not response.is_success:
                    raise self.refused(response.status_code, response.read(), response.headers)
                for line in response.iter_lines():
                    yield self._redacted(line.encode()).decode()
            finally:
                response.close()
        except httpx2.HTTPError as error:
            raise _wire.unreached(error) from error

    def refused(
        self, status: int, content: bytes, headers: Mapping[str, str], *, creating: bool = False
    ) -> ProviderError:
        """The refusal that an answer stands for: by the provider's own code if the table has it, else by its status."""
        try:
            body: Any = _wire.document(self._redacted(content))
        except ProviderError:
            body = self._redacted(content).decode("utf-8", "replace")
        code, says = self._code_of(body) if isinstance(body, Mapping) else ("", "")
        says = _wire.quoted(says or body, "")
        # Whatever else it says: a server that failed over a create may have executed it.
        known = None if creating and status >= 500 else self._codes.get(code)
        return _wire.refusal(status, says, code=code, wait=_wire.retry_after(headers), creating=creating, known=known)

    def close(self) -> None:
        self._http.close()

    def _request(self, method: str, path: str, more: dict[str, Any]) -> httpx2.Request:
        url = path if path.startswith(("https://", "http://")) else f"{self._base}{path}"
        extra = more.pop("headers", {})
        try:
            headers = {**(self._headers if _origin(url) == self._origin else {}), **extra}
            request = self._http.build_request(method, url, headers=headers, **_given(more))
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise ProviderError(Text("The provider's answer names an address that is none."), "request") from error
        if self._sign is not None:
            self._sign(request)
        return request

    def _redacted(self, content: bytes) -> bytes:
        return _wire.redacted(content, self._secrets)


def openai_error(body: Body) -> tuple[str, str]:
    """Code and sentence of `{"error": {"code", "message"}}`, the shape that most have taken over."""
    inner = body.get("error")
    found = inner if isinstance(inner, Mapping) else body
    says = found.get("message") or (inner if isinstance(inner, str) else "")
    return str(found.get("code") or ""), str(says or "")


def _origin(url: str) -> tuple[str, str, int | None]:
    parsed = httpx2.URL(url)
    return parsed.scheme, parsed.host, parsed.port


def _given(more: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in more.items() if value is not None}
