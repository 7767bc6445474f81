"""Ark's training files: objects of a bucket, and the data sets of the platform."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import orjson
from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._ark_wire import ArkWire
from jobs_app.rehearsal.wire import Call, Refused

DATASETS = "data sets of the platform"
_MADE_UP = 60  # rows


class ArkObjects(ArkWire):
    """The object store."""

    def files_create(self, call: Call) -> Response:
        bucket, key = call.names["bucket"], call.names["key"]
        self.keep_file(
            call, file_id=object_id(call.owner, bucket, key), name=f"{bucket}/{key}", purpose="object",
            content=BytesIO(call.request.get_data()),
        )  # fmt: skip
        return Response(status=200, headers={"ETag": '"rehearsal"'})

    def files_list(self, call: Call) -> Response:
        """Whether there is such a bucket: every one that is asked for."""
        return Response(status=200)

    def files_get(self, call: Call) -> Response:
        file = self.file(call, object_id(call.owner, call.names["bucket"], call.names["key"]))
        return Response(self.store.path(file.id).read_bytes(), content_type="application/octet-stream")

    def files_delete(self, call: Call) -> Response:
        self.store.delete_file(call.owner, object_id(call.owner, call.names["bucket"], call.names["key"]))
        return Response(status=204)

    def _made_up(self, call: Call, dataset: str) -> None:
        """Data sets of the platform are made in its console; the stage has each that is named, with made-up rows."""
        if not dataset:
            raise Refused("missing", "A data set has no id.", code="NotFound.Dataset")
        file_id = object_id(call.owner, DATASETS, dataset)
        if self.store.file(call.owner, file_id) is None:
            rows = (
                {
                    "messages": [
                        {"role": role, "content": f"{role}: row {n} of {dataset}"} for role in ("user", "assistant")
                    ]
                }
                for n in range(_MADE_UP)
            )
            content = BytesIO(b"\n".join(orjson.dumps(row) for row in rows))
            self.keep_file(call, file_id=file_id, name=dataset, purpose="dataset", content=content)

    @staticmethod
    def _paths(owner: str, where: Mapping[str, Any]) -> list[str]:
        bucket = str(where.get("TosBucket") or "")
        paths = [str(path).removeprefix(f"tos://{bucket}/") for path in where.get("TosPaths") or ()]
        return [object_id(owner, bucket, path) for path in paths]


def object_id(owner: str, bucket: str, key: str) -> str:
    """An object of a bucket, as a file of the store: keys are free text, ids are not."""
    return f"tos-{hashlib.sha256(f'{owner}/{bucket}/{key}'.encode()).hexdigest()[:32]}"
