"""Pictures: what arrives is opened under limits, written anew, and kept once per project by its content.

Writing anew leaves behind what a picture should not carry into a training file or a browser: EXIF (places, devices),
colour profiles, comments, and whatever hides after the end of the image.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from collections.abc import Container, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from PIL import Image as Pillow
from PIL import ImageOps

from datasets_app.core.codecs import CodecError
from datasets_app.core.images import kind_of, pictures, readdress, stored
from datasets_app.core.samples import Sample
from datasets_app.models import Image
from ftstudio.errors import InvalidInput, Listed, Text

MAX_BYTES = 10 << 20  # what every vision provider takes at most (facts: OpenAI, Together, DashScope)
MAX_PIXELS = 40_000_000  # 160 MB while it is open
THUMBNAIL = (320, 320)
# Pillow's name → media type and the ending of the stored file.
KINDS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}
_SEVERAL = "MPO"  # Pillow's name of a JPEG with more JPEGs behind it, as phones write: the first is the picture
DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,", re.I)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture written anew: `data` holds nothing but pixels."""

    data: bytes
    kind: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return KINDS[self.kind][0]


def read(data: bytes) -> Picture:
    """Decode and write anew. Raises InvalidInput(file=…) for what is no picture, too large, animated or broken."""
    image, kind = _opened(data)
    return Picture(_written(image, kind), kind, *image.size)


def thumbnail(data: bytes) -> bytes:
    """A WEBP of at most 320 × 320 pixels. Raises as `read`."""
    image, _kind = _opened(data)
    image.thumbnail(THUMBNAIL)
    return _written(image, "WEBP")


def keep(project_id: UUID, data: bytes) -> Image:
    """The project's picture with this content: stored now, or found. Safe to run twice and by two at once.

    Raises InvalidInput as `read`.
    """
    kept = Image.objects.filter(project_id=project_id)
    # What left by an export and comes back was written by us: written once more it would be another picture, and worse.
    if found := kept.filter(sha256=hashlib.sha256(data).hexdigest()).first():
        return found
    picture = read(data)
    sha256 = hashlib.sha256(picture.data).hexdigest()
    known = kept.filter(sha256=sha256)
    if found := known.first():
        return found
    ending = KINDS[picture.kind][1]
    row = Image(
        project_id=project_id, sha256=sha256, media_type=picture.media_type, width=picture.width,
        height=picture.height, bytes=len(picture.data),
    )  # fmt: skip
    folder = f"images/{project_id.hex}/{sha256[:2]}"
    storage = row.file.storage
    row.file.name = storage.save(f"{folder}/{sha256}.{ending}", ContentFile(picture.data))
    row.thumbnail.name = storage.save(f"{folder}/{sha256}.thumbnail.webp", ContentFile(thumbnail(picture.data)))
    # Of two who bring the same picture at once the database keeps the first; the other's files go again.
    Image.objects.bulk_create([row], ignore_conflicts=True)
    first = known.get()
    if first.file.name != row.file.name:
        for file in (row.file, row.thumbnail):
            storage.delete(str(file.name))
    return first


def from_data_uri(address: str) -> bytes:
    """The bytes in a `data:image/…;base64,…` address. Raises InvalidInput for another address or broken base64."""
    head = DATA_URI.match(address)
    if head is None:
        raise InvalidInput(code="not_a_picture", file=Text("This is no picture in a data: address."))
    try:
        return base64.b64decode(address[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(code="not_a_picture", file=Text("The picture's base64 is broken.")) from error


def settled(sample: Sample, arrived: Mapping[str, str]) -> Sample:
    """The sample with the pictures that came with it addressed by content; `arrived` is file name → sha256.

    Raises CodecError `image-missing` as `check`.
    """
    check(sample, arrived)
    if not arrived:
        return sample
    return readdress(sample, lambda address: stored(arrived[address]) if address in arrived else address)


def check(sample: Sample, arrived: Container[str]) -> None:
    """Raises CodecError `image-missing` for a picture that is called by a file name, and no file of it `arrived`."""
    for picture in pictures(sample):
        if kind_of(picture.address) == "file" and picture.address not in arrived:
            raise CodecError(
                "image-missing",
                Text(
                    "The picture “{name}” did not come with this file: put it into a zip beside the rows.",
                    name=picture.address[:200],
                ),
                picture.path,
            )


def _opened(data: bytes) -> tuple[Pillow.Image, str]:
    """The decoded pixels, upright, in a mode that its format can be written in."""
    if len(data) > MAX_BYTES:
        text = Text(
            "The picture has {n:,} bytes; at most {limit:,} are taken: make it smaller.", n=len(data), limit=MAX_BYTES
        )
        raise InvalidInput(code="too_large", file=text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of bombs and odd metadata: the limits below are ours, and harder
            image: Pillow.Image = Pillow.open(BytesIO(data), formats=tuple(KINDS))
            kind = str(image.format)
            if kind == _SEVERAL:
                kind = "JPEG"
            elif getattr(image, "n_frames", 1) > 1:
                raise _animated()
            if image.width * image.height > MAX_PIXELS:
                raise _too_many_pixels()
            image.load()
            image = ImageOps.exif_transpose(image)
    except InvalidInput:
        raise
    except Pillow.UnidentifiedImageError as error:
        text = Text("This is no picture that can be used: send {known}.", known=Listed(KINDS))
        raise InvalidInput(code="not_a_picture", file=text) from error
    except Pillow.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError) as error:
        # What Pillow raises for broken files is not one family; each of these means the same to a person.
        raise InvalidInput(code="not_a_picture", file=Text("The picture is damaged or cut off.")) from error
    return _plain(image, kind), kind


def _animated() -> InvalidInput:
    text = Text("The picture is animated; a model sees one picture: send one frame of it.")
    return InvalidInput(code="animated", file=text)


def _too_many_pixels() -> InvalidInput:
    text = Text("The picture has more than {limit} million pixels: make it smaller.", limit=MAX_PIXELS // 1_000_000)
    return InvalidInput(code="too_large", file=text)


def _plain(image: Pillow.Image, kind: str) -> Pillow.Image:
    """Grey, RGB or RGBA, and nothing beside the pixels."""
    clear = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    mode = "RGBA" if clear and kind != "JPEG" else "L" if image.mode in ("1", "L") else "RGB"
    if image.mode.startswith("I"):  # 16 bits of grey: keep the upper eight
        image, mode = image.point(lambda value: value / 256), "L"
    image = image if image.mode == mode else image.convert(mode)
    image.info = {}
    return image


def _written(image: Pillow.Image, kind: str) -> bytes:
    out = BytesIO()
    how: dict[str, Any] = {"PNG": {}, "JPEG": {"quality": 92}, "WEBP": {"quality": 90, "method": 2}}[kind]
    image.save(out, kind, **how)
    return out.getvalue()
