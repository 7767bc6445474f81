"""Fireworks' datasets: a resource whose id the client chooses, and its content in one of two ways."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._fireworks_wire import FireworksWire
from jobs_app.rehearsal.kept import Stored
from jobs_app.rehearsal.training_files import checked, is_broken
from jobs_app.rehearsal.wire import Call, Refused, iso, reply

_ID = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]")


class FireworksDatasets(FireworksWire):
    """Datasets."""

    def files_create(self, call: Call) -> Response:
        """The resource; its content follows."""
        sent, account = call.sent, call.names["account"]
        name = str(sent.get("datasetId") or "")
        if not _ID.fullmatch(name):
            raise Refused("request", "datasetId must be lower-case letters, digits and hyphens")
        if self.store.file(call.owner, self._file_id(call, name)) is not None:
            raise Refused("conflict", f"Dataset {name} already exists")
        about = dict(sent.get("dataset") or {})
        file = self.keep_file(
            call, file_id=self._file_id(call, name), name=name, purpose="dataset", content=BytesIO(), about=about,
            account=account, sent_at=None,
        )  # fmt: skip
        return reply(self._show_dataset(call, file))

    def files_content(self, call: Call) -> Response:
        """`:upload`, one file in a form."""
        upload = call.request.files.get("file")
        if upload is None:
            raise Refused("request", "file is required")
        return self._filled(call, upload.stream)

    def files_endpoint(self, call: Call) -> Response:
        dataset = self._dataset(call)
        where = f"{call.request.root_url.rstrip('/')}{self.prefix}/v1/accounts/{call.names['account']}/signed"
        wanted = call.sent.get("filenameToSize") or {}
        return reply({"filenameToSignedUrls": {name: f"{where}/{dataset.name}/{name}" for name in wanted}})

    def files_put(self, call: Call) -> Response:
        return self._filled(call, call.request.stream)

    def files_validate(self, call: Call) -> Response:
        self._dataset(call)
        return reply({})

    def files_list(self, call: Call) -> Response:
        return self._listing(
            call, "datasets", [self._show_dataset(call, f) for f in self.store.files(call.owner, self.name)]
        )

    def files_get(self, call: Call) -> Response:
        return reply(self._show_dataset(call, self._dataset(call)))

    def files_delete(self, call: Call) -> Response:
        self.store.delete_file(call.owner, self._dataset(call).id)
        return reply({})

    def _filled(self, call: Call, content: Any) -> Response:
        known = self._dataset(call)
        file = self.store.add_file(
            owner=call.owner, dialect=self.name, file_id=known.id, name=known.name, purpose=known.purpose,
            content=content, now=call.now,
        )  # fmt: skip
        self.store.keep_with(file.id, {**known.extra, "sent_at": call.now})
        return reply({})

    def _dataset(self, call: Call) -> Stored:
        return self.file(call, self._file_id(call, call.names["dataset"]))

    @staticmethod
    def _file_id(call: Call, name: str) -> str:
        """Ids of datasets are chosen by clients and ours are not: they are told apart by the key and the account."""
        return f"dataset-{call.owner[:12]}-{re.sub('[^A-Za-z0-9_-]', '_', call.names['account'])}-{name[:80]}"

    def _dataset_state(self, file: Stored, now: float) -> str:
        sent_at = file.extra.get("sent_at")
        ready = sent_at is not None and now >= sent_at + self.stage.seconds * 0.02
        return "READY" if ready and "never-processed" not in file.quirks else "UPLOADING"

    def _show_dataset(self, call: Call, file: Stored) -> dict[str, Any]:
        state = self._dataset_state(file, call.now)
        status = {"code": "OK", "message": ""}
        if state == "READY":
            found = checked(self.store.content(file), "training_file")
            if "failed-upload" in file.quirks or is_broken(found):
                says = str((found.error or {}).get("message", "The file could not be read."))
                status = {"code": "INVALID_ARGUMENT", "message": says}
        return {
            **file.extra.get("about", {}),
            "name": f"accounts/{file.extra.get('account')}/datasets/{file.name}",
            "createTime": iso(file.created_at),
            "state": state,
            "status": status,
        }

    @staticmethod
    def _file_named(owner: str, resource: str) -> str:
        """The file behind accounts/A/datasets/D."""
        parts = resource.split("/")
        account, name = (parts[1], parts[3]) if len(parts) == 4 else ("", parts[-1])
        return f"dataset-{owner[:12]}-{re.sub('[^A-Za-z0-9_-]', '_', account)}-{name[:80]}"
