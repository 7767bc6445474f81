"""OpenAI's files, and among them the table of figures that a job leaves."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects import _results
from jobs_app.rehearsal.dialects._openai_checks import check_first_line, check_name
from jobs_app.rehearsal.dialects._openai_wire import OpenAIWire
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.kept import Job, Stored
from jobs_app.rehearsal.wire import Call, Refused, cursor_page, reply, whole

_PURPOSES = ("fine-tune", "assistants", "batch", "vision", "user_data", "evals")


class OpenAIFiles(OpenAIWire):
    """Files and result files."""

    def files_create(self, call: Call) -> Response:
        upload, purpose = call.request.files.get("file"), call.request.form.get("purpose", "")
        if upload is None or not upload.filename:
            raise Refused("request", "'file' is a required property", param="file")
        if purpose not in _PURPOSES:
            raise Refused("request", f"'{purpose}' is not one of the allowed purposes", param="purpose")
        if purpose == "fine-tune":
            check_name(upload.filename)
            self.check_first_line(upload.stream.readline(64 * 1024 * 1024))
            upload.stream.seek(0)
        file = self.keep_file(
            call, file_id=new_id("file-", 22), name=upload.filename, purpose=purpose, content=upload.stream
        )
        return reply(self.show_file(file, call.now), self.made)

    def files_list(self, call: Call) -> Response:
        wanted = call.request.args.get("purpose")
        files = [file for file in self.store.files(call.owner, self.name) if wanted in (None, file.purpose)]
        return cursor_page(call, files, lambda file: self.show_file(file, call.now), lambda file: file.id)

    def files_get(self, call: Call) -> Response:
        if job := self._job_of_results(call):
            return reply(self._results_file(call, job))
        return reply(self.show_file(self.file(call, call.names["file_id"]), call.now))

    def files_delete(self, call: Call) -> Response:
        file = self.file(call, call.names["file_id"])
        self.store.delete_file(call.owner, file.id)
        return reply({"id": file.id, "object": "file", "deleted": True})

    def files_content(self, call: Call) -> Response:
        if job := self._job_of_results(call):
            return Response(self._table(call, job), content_type="text/csv")
        file = self.file(call, call.names["file_id"])
        return Response(self.store.path(file.id).read_bytes(), content_type="application/octet-stream")

    def check_first_line(self, line: bytes) -> None:
        check_first_line(line)

    def file_status(self, file: Stored, now: float) -> tuple[str, str | None]:
        """The state of a file and what is wrong with it."""
        if "failed-upload" in file.quirks:
            return "error", "The file could not be processed."
        return ("uploaded" if "never-processed" in file.quirks else "processed"), None

    def show_file(self, file: Stored, now: float) -> dict[str, Any]:
        status, details = self.file_status(file, now)
        return {
            "object": "file",
            "id": file.id,
            "bytes": file.bytes,
            "created_at": int(file.created_at),
            "filename": file.name,
            "purpose": file.purpose,
            "status": status,
            "status_details": details,
        }

    # Results

    def _job_of_results(self, call: Call) -> Job | None:
        file_id = call.names["file_id"]
        if not file_id.startswith("file-results-"):
            return None
        return self.store.job(call.owner, self.job_prefix + file_id.removeprefix("file-results-"))

    def _table(self, call: Call, job: Job) -> bytes:
        columns, keys = self.results
        return _results.table(self.log(job, call.now), job.quirks, columns=columns, keys=keys)

    def _results_file(self, call: Call, job: Job) -> dict[str, Any]:
        return {
            "object": "file",
            "id": call.names["file_id"],
            "bytes": len(self._table(call, job)),
            "created_at": whole(self.look(job, call.now).finished_at) or int(call.now),
            "filename": self.results_name,
            "purpose": "fine-tune-results",
            "status": "processed",
            "status_details": None,
        }
