"""The official client of OpenAI, with the key where Azure looks for it."""

from __future__ import annotations

import httpx2
import openai


class Client(openai.OpenAI):
    """The key goes into Azure's header: as a bearer token it could be taken for one of Entra."""

    def _prepare_request(self, request: httpx2.Request) -> None:
        super()._prepare_request(request)
        del request.headers["Authorization"]
        request.headers["api-key"] = self.api_key
