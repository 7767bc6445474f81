"""Pictures: bringing one in for the editor, and giving out the stored ones and those inside a sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.utils.translation import gettext as _

from datasets_app.core import images as core
from datasets_app.core import samples
from datasets_app.core.images import Picture
from datasets_app.models import Image, Revision, Sample
from datasets_app.models.image import ImageQuerySet
from datasets_app.pipeline import pictures
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text


def add(*, actor: User, project: Project, file: IO[bytes] | File) -> Image:
    """Keep the picture for the project; the same content again is the same picture. Address it as `image:<sha256>`.

    Raises InvalidInput for what is no JPEG, PNG or WEBP, too large, animated or broken.
    """
    require(actor, project.pk, "images.create")
    data = file.read(pictures.MAX_BYTES + 1)
    if not data:
        raise InvalidInput(code="empty", file=Text("The file is empty."))
    image = pictures.keep(project.pk, data)
    AuditEntry.objects.record(actor=actor, verb="images.create", target=image, project=project, sha256=image.sha256)
    return image


def opened(image: Image, *, small: bool = False) -> Any:
    """The stored file, or its thumbnail, opened. Raises Conflict `file_missing` when it has gone."""
    try:
        return (image.thumbnail if small else image.file).open("rb")
    except FileNotFoundError as error:
        raise Conflict(_("The picture's file is no longer there."), code="file_missing") from error


def stored(project: Project) -> ImageQuerySet:
    """The project's pictures."""
    return Image.objects.filter(project=project)


def sizes(project_id: UUID, digests: Iterable[str | None]) -> dict[str, tuple[int, int]]:
    """Width and height in pixels of those pictures that the project has stored, by digest; no digest, no query."""
    wanted = {digest for digest in digests if digest}
    kept = Image.objects.filter(project=project_id, sha256__in=wanted) if wanted else Image.objects.none()
    return {sha256: (width, height) for sha256, width, height in kept.values_list("sha256", "width", "height")}


def of_sample(content: samples.Sample) -> list[Picture]:
    """Every picture that the content shows, in order."""
    return list(core.pictures(content))


def thumbnail_inside(sample: Sample, number: int) -> bytes:
    """A WEBP thumbnail of the picture that lies in the sample's text as a data: address, the `number`th from 0.

    Raises LookupError when there is none at that place, InvalidInput when its bytes are no picture.
    """
    payload = Revision.objects.filter(sample=sample, number=sample.revision_number).values_list("payload", flat=True)
    return pictures.thumbnail(pictures.from_data_uri(of_sample(samples.from_json(payload.get()))[number].address))
