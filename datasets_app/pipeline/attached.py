"""Pictures on their way out: what `image:<sha256>` becomes in a file, by the form that its format knows."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from datasets_app.core import images
from datasets_app.core.codecs import CodecError
from datasets_app.core.samples import Sample
from datasets_app.models import Image
from ftstudio.errors import Text

BESIDE = (images.FILE, images.TAG)  # formats that call a picture by a path, and have it opened from a disk


class Attached:
    """The kept pictures of one file.

    `files` are those that go beside the rows (name → stored file) and `sizes` their bytes; `embedded` counts the data
    URIs that were written instead.
    """

    def __init__(self, project_id: UUID, form: str) -> None:
        self.project_id = project_id
        self.form = form
        self.files: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}
        self.embedded = 0

    def resolved(self, sample: Sample) -> Sample:
        """The sample with addresses that mean something outside: data URIs, or names of files beside the rows.

        Raises `CodecError` for a picture that is not kept any more.
        """
        return images.readdress(sample, self._address) if self.form != images.NONE else sample

    def _address(self, address: str) -> str:
        digest = images.digest_of(address)
        if digest is None:
            return address
        image = Image.objects.filter(project=self.project_id, sha256=digest).first()
        if image is None:
            raise CodecError("image-unsupported", Text("A picture of this sample is no longer kept."))
        if self.form in BESIDE:
            name = f"{digest}.{image.media_type.rpartition('/')[2]}"
            self.files[name], self.sizes[name] = image.file, image.bytes
            return name
        self.embedded += 1
        with image.file.open("rb") as file:
            return f"data:{image.media_type};base64,{base64.b64encode(file.read()).decode()}"
