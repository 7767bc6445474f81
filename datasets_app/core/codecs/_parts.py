"""Contents that are lists of parts, and pictures as DashScope has them: {"text": …} and {"image": "file.jpg", …}."""

from __future__ import annotations

from datasets_app.core import images
from datasets_app.core.codecs._dialect import Dialect
from datasets_app.core.codecs.base import CodecError
from datasets_app.core.jsonl import Json
from ftstudio.errors import Text


def check_parts(content: Json, path: str) -> None:
    if not isinstance(content, list) or any(not isinstance(part, dict) for part in content):
        raise CodecError(
            "content-missing", Text("Content must be text, a list of content parts, or null beside tool calls."), path
        )


def read_part(part: dict[str, Json]) -> dict[str, Json]:
    if "type" in part:
        return part
    if isinstance(part.get("text"), str):
        return {"type": "text", **part}
    if isinstance(part.get("image"), str) and "image_url" not in part:
        return {**images.part_of(part["image"]), **{key: value for key, value in part.items() if key != "image"}}
    return part


def write_part(part: Json) -> Json:
    kind = part.get("type")
    address = images.address_of(part)
    if kind == "text" and isinstance(part.get("text"), str):
        return {key: value for key, value in part.items() if key != "type"}
    if kind == "image_url" and address is not None:
        return {"image": address, **{key: value for key, value in part.items() if key not in ("type", "image_url")}}
    return part


def lost_part(part: Json, dialect: Dialect) -> str:
    """ "" when the format can carry the part."""
    address = images.address_of(part)
    if not dialect.images:
        return "content" if address is None else "images"
    if address is not None:
        whole = dialect.images != images.FILE or read_part(write_part(part)) == part
        return "" if whole and images.fits(address, dialect.images) else "images"
    if dialect.images == images.FILE:
        written = write_part(part)
        return "" if "type" not in written and read_part(written) == part else "content"
    return ""
