"""Volcengine's object storage (TOS), as far as Ark's training files need it: put one object, ask for the bucket.

Source: TOS SDK 2.9.3 for Python; the signature is that of `_ark_signing` with the scheme STORAGE.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import httpx2

from ftstudio.errors import Text
from jobs_app.providers import _ark_wire
from jobs_app.providers._ark_signing import STORAGE, Signer
from jobs_app.providers._rest import Rest
from jobs_app.providers.base import ProviderError

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_OWN = ".volces.com"
_LONGEST = 80  # characters of the folder: bucket, folder and file together name a job's file, in a column of 200


class Storage:
    """One bucket. At TOS itself the bucket stands in the host's name, at any other address in the path."""

    def __init__(
        self,
        http: httpx2.Client,
        *,
        endpoint: str,
        bucket: str,
        prefix: str,
        region: str,
        access_key: str,
        secret_key: str,
        clock: Callable[[], datetime],
    ) -> None:
        if not _BUCKET.fullmatch(bucket):
            raise ProviderError(Text("“{bucket}” cannot be the name of a TOS bucket.", bucket=bucket[:60]), "request")
        if len(prefix) > _LONGEST:
            raise ProviderError(Text("The folder in the bucket may have {n} characters.", n=_LONGEST), "request")
        self.bucket = bucket
        self._prefix = prefix.strip("/")
        scheme, _, host = endpoint.rstrip("/").partition("://")
        own = host.endswith(_OWN)
        self._base = f"{scheme}://{bucket}.{host}" if own else f"{scheme}://{host}/{bucket}"
        self._signer = Signer(access_key, secret_key, region, "tos", STORAGE)
        self._clock = clock
        self._hash = ""
        self._rest = Rest(
            http,
            self._base,
            headers={},
            secrets=(secret_key,),
            codes=_ark_wire.STORAGE_CODES,
            code_of=_ark_wire.code_of,
            sign=self._sign,
        )

    def put(self, path: Path, name: str) -> str:
        """Store a file, streamed from the disk; the object's key within the bucket."""
        key = f"{self._prefix}/{name}".lstrip("/")
        with path.open("rb") as file:
            self._hash = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            self._rest.send(
                "PUT", f"/{quote(key, safe='/~')}", content=file, headers={"content-type": "application/jsonl"}
            )
        return key

    def check(self) -> None:
        """Return if the bucket is there and the key opens it; costs nothing."""
        self._hash = hashlib.sha256(b"").hexdigest()
        try:
            self._rest.send("HEAD", "/")
        except ProviderError as refusal:
            if refusal.kind not in ("missing", "closed", "request"):
                raise
            raise ProviderError(
                Text(
                    "The TOS bucket {bucket} cannot be used with this key. Check its name, region and rights.",
                    bucket=self.bucket,
                ),
                "request",
            ) from refusal

    def _sign(self, request: httpx2.Request) -> None:
        self._signer.sign(request, self._clock(), body_sha256=self._hash)
