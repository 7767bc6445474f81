"""Pictures in a sample: where they stand, what they are addressed by, and how an address is exchanged for another.

A canonical picture is OpenAI's content part `{"type": "image_url", "image_url": {"url": ADDRESS, …}}`. ADDRESS is
http(s), a data URI, a bare file name (as the file that came with the row calls it), or `image:<sha256>` for a picture
that ftstudio keeps. Which of them a format can write is its codec's `images`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from datasets_app.core.samples import Message, Sample

Json = Any

STORED = "image:"  # then the 64 hex digits of the sha256 of the picture's bytes

# What a codec's `images` may say:
NONE = ""  # no pictures
URL = "url"  # any address, a data URI too
DATA = "data"  # data URIs alone
FILE = "file"  # a bare file name beside the rows, in one zip
TAG = "tag"  # an <image> tag in the text and a list of addresses beside it

_STORED = re.compile(r"image:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a sample: `path` is the JSON Pointer of its content part, `address` what it is addressed by."""

    path: str
    address: str


def address_of(part: Json) -> str | None:
    """The address in a content part; None when the part is no picture."""
    if not isinstance(part, dict) or part.get("type") != "image_url":
        return None
    image = part.get("image_url")
    address = image.get("url") if isinstance(image, dict) else image
    return address if isinstance(address, str) else None


def part_of(address: str) -> dict[str, Json]:
    """The canonical content part of a picture."""
    return {"type": "image_url", "image_url": {"url": address}}


def stored(digest: str) -> str:
    """The address of a kept picture, given the sha256 of its bytes in hex."""
    return STORED + digest


def digest_of(address: str) -> str | None:
    """The sha256 in the address of a kept picture; None for every other address."""
    match = _STORED.fullmatch(address)
    return match.group(1) if match else None


def kind_of(address: str) -> str:
    """`stored`, `data`, `url` (http or https) or `file`."""
    if _STORED.fullmatch(address):
        return "stored"
    scheme = address[:8].lower()
    if scheme.startswith("data:"):
        return "data"
    return "url" if scheme.startswith(("http://", "https://")) else "file"


def fits(address: str, form: str) -> bool:
    """Whether a format of this form can write the address; a kept picture fits all but `NONE`: it is exchanged."""
    kind = kind_of(address)
    if form in (URL, TAG):
        return True
    return bool(form) and kind in ("stored", form)


def pictures(sample: Sample) -> Iterator[Picture]:
    """Every picture, in order, those of the rejected answer last."""
    for name, messages in (("messages", sample.messages), ("rejected", sample.rejected)):
        for at, message in enumerate(messages):
            if isinstance(message.content, list):
                for number, part in enumerate(message.content):
                    address = address_of(part)
                    if address is not None:
                        yield Picture(f"/{name}/{at}/content/{number}", address)


def addresses(sample: Sample) -> list[str]:
    """What its pictures are addressed by, in order, repeated as often as they stand there."""
    return [picture.address for picture in pictures(sample)]


def readdress(sample: Sample, exchange: Callable[[str], str]) -> Sample:
    """The sample with every address replaced by what `exchange` gives for it; the same object when none changes."""
    messages = _readdress(sample.messages, exchange)
    rejected = _readdress(sample.rejected, exchange)
    if messages is sample.messages and rejected is sample.rejected:
        return sample
    return replace(sample, messages=messages, rejected=rejected)


def _readdress(messages: tuple[Message, ...], exchange: Callable[[str], str]) -> tuple[Message, ...]:
    found = []
    changed = False
    for message in messages:
        if isinstance(message.content, list):
            content = [_part(part, exchange) for part in message.content]
            if content != message.content:
                message = replace(message, content=content)
                changed = True
        found.append(message)
    return tuple(found) if changed else messages


def _part(part: Json, exchange: Callable[[str], str]) -> Json:
    address = address_of(part)
    if address is None:
        return part
    image = part["image_url"]
    new = exchange(address)
    return {**part, "image_url": {**image, "url": new} if isinstance(image, dict) else new}
