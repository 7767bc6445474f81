"""A picture that the provider or the base model does not take."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.images import kind_of, pictures
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import PARTS
from ftstudio.errors import Listed, Text

_FORMS = {
    "url": Text("a web address"), "data": Text("a data URI"), "file": Text("the name of a file in the same archive"),
}  # fmt: skip
_SUBTYPES = {"jpg": "jpeg", "tif": "tiff"}
_BEGINNINGS = (
    (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG", "png"), (b"GIF8", "gif"), (b"BM", "bmp"), (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"), (b"RIFF", "webp"),
)  # fmt: skip
_TOLD = frozenset(subtype for _beginning, subtype in _BEGINNINGS)


def _seen(address: str, role: str = "user") -> Sample:
    part = {"type": "image_url", "image_url": {"url": address}}
    turns = [Message(name, [part] if name == role else "x") for name in ("user", "assistant")]
    return Sample(tuple(turns))


_PNG = "data:image/png;base64,iVBORw0KGgo="
_OPENAI = {"profile": "openai"}


class ImageUnsupported(Rule):
    name = "image-unsupported"
    needs = PARTS
    title = Text("Picture is not taken")
    help = Text(
        "Pictures stand in user turns only. The base model must read pictures, and the provider must take their type "
        "and the way they are given: by address, as a data URI or as a file. What a data URI holds must be a picture."
    )
    good = (
        (_seen(_PNG), {}, _OPENAI),
        (_seen(_PNG), {}, {"base_model": "gpt-4o-2024-08-06"}),
        chat("France?", "Paris"),
    )
    bad = (
        (_seen("data:image/gif;base64,R0lGODlhAQ=="), {}, _OPENAI),
        (_seen(_PNG), {}, {"base_model": "Qwen/Qwen2.5-7B-Instruct"}),
        (_seen("https://acme.cn/a.png"), {}, {"profile": "together"}),
        _seen(_PNG, "assistant"),
        _seen("data:text/html;base64,PHNjcmlwdD4="),
        _seen("data:image/png;base64,PHNjcmlwdD4="),
        (_seen("data:image/png;base64,R0lGODlhAQ=="), {}, _OPENAI),
    )

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        profile, model = context.profile, context.base_model
        for picture in pictures(sample):
            _, part, at, *_rest = picture.path.split("/")
            role = (sample.messages if part == "messages" else sample.rejected)[int(at)].role
            kind, subtype = kind_of(picture.address), subtype_of(picture.address)
            if not profile.images:
                said = Text("{provider} trains no pictures: take it out.", provider=profile.label)
            elif model is not None and model.images is False:
                said = Text("The base model reads no pictures: choose one that does, or take it out.")
            elif role != "user":
                said = Text("A picture may stand in a user turn only.")
            elif kind == "data" and not subtype:
                said = Text("There is no picture in this data URI: take it out, or upload the picture itself.")
            elif kind != "stored" and kind not in profile.image_forms:
                said = Text("{provider} takes a picture as {forms}: upload it, and the export writes it so.",
                            provider=profile.label,
                            forms=Listed(_FORMS[form] for form in sorted(profile.image_forms)))  # fmt: skip
            elif subtype and profile.image_types and subtype not in profile.image_types:
                said = Text("{provider} takes no {type} pictures, only {types}.", provider=profile.label, type=subtype,
                            types=Listed(sorted(profile.image_types)))  # fmt: skip
            else:
                continue
            yield self.found(said, picture.path)


def subtype_of(address: str) -> str:
    """The media subtype of what a data URI holds, or that a file's ending tells, such as “jpeg”; "" where nothing
    tells it, and for a data URI without a picture."""
    if kind_of(address) == "data":
        subtype = _held(address)
    else:
        name = address.partition("?")[0].rpartition("/")[2].lower()
        subtype = name.rpartition(".")[2] if "." in name else ""
        subtype = subtype if subtype in _ENDINGS else ""
    return _SUBTYPES.get(subtype, subtype)


def _held(address: str) -> str:
    """By the first bytes. A data URI may say anything; only of types that they do not tell is it believed."""
    media, _, encoding = address[5:1000].partition(",")[0].lower().partition(";")
    if not media.startswith("image/") or not encoding.endswith("base64"):
        return ""
    start = address.find(",") + 1
    try:
        data = b64decode(address[start : start + 16], validate=True)
    except ValueError:
        return ""
    found = next((subtype for beginning, subtype in _BEGINNINGS if data.startswith(beginning)), "")
    said = _SUBTYPES.get(media.removeprefix("image/"), media.removeprefix("image/"))
    return found or ("" if said in _TOLD else said)


_ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "svg", "heic", "avif")
RULE = ImageUnsupported()
