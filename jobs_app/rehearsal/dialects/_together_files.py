"""Together's files: each has a report once it has been looked at."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._together_wire import TogetherWire
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.kept import Stored
from jobs_app.rehearsal.training_files import checked, is_broken
from jobs_app.rehearsal.wire import Call, Refused, reply


class TogetherFiles(TogetherWire):
    """Files."""

    def files_create(self, call: Call) -> Response:
        upload, form = call.request.files.get("file"), call.request.form
        if upload is None:
            raise Refused("request", "file is required", param="file")
        file = self.keep_file(
            call,
            file_id=new_id("file-"),
            name=form.get("file_name") or upload.filename or "file.jsonl",
            purpose=form.get("purpose", "fine-tune"),
            content=upload.stream,
        )
        return reply(self._show_file(file, call.now))

    def files_list(self, call: Call) -> Response:
        files = self.store.files(call.owner, self.name)
        return reply({"data": [self._show_file(file, call.now) for file in files]})

    def files_get(self, call: Call) -> Response:
        return reply(self._show_file(self.file(call, call.names["file_id"]), call.now))

    def files_delete(self, call: Call) -> Response:
        file = self.file(call, call.names["file_id"])
        self.store.delete_file(call.owner, file.id)
        return reply({"id": file.id, "deleted": True})

    def files_content(self, call: Call) -> Response:
        path = self.store.path(self.file(call, call.names["file_id"]).id)
        return Response(path.read_bytes(), content_type="application/octet-stream")

    def _show_file(self, file: Stored, now: float) -> dict[str, Any]:
        shown = {
            "id": file.id,
            "object": "file",
            "bytes": file.bytes,
            "created_at": int(file.created_at),
            "filename": file.name,
            "purpose": file.purpose,
            "FileType": "jsonl",
        }
        if not self.processed(file, now):
            status = "PENDING" if now < file.created_at + self.stage.seconds * 0.005 else "RUNNING"
            return {**shown, "Processed": False, "processing_status": status, "validation_report": None}
        found = checked(self.store.content(file), "training_file")
        bad = "failed-upload" in file.quirks or is_broken(found)
        says = str((found.error or {}).get("message", "The file could not be read.")) if bad else None
        report = {
            "valid": not bad,
            "error_type": "INVALID_FORMAT" if bad else None,
            "error": says,
            "nlines": found.rows,
            "dataset_format": "messages",
        }
        status = "INVALID_FORMAT" if bad else "COMPLETED"
        return {**shown, "Processed": True, "processing_status": status, "validation_report": report}
