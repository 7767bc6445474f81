"""A picture that the provider or the base model does not take."""

from __future__ import annotations

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
        "and the way they are given: by address, as a data URI or as a file."
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
    """The media subtype that a data URI states or a file's ending tells, such as “jpeg”; "" where nothing tells it."""
    if kind_of(address) == "data":
        media = address[5:].partition(",")[0].partition(";")[0].lower()
        subtype = media.removeprefix("image/") if media.startswith("image/") else ""
    else:
        name = address.partition("?")[0].rpartition("/")[2].lower()
        subtype = name.rpartition(".")[2] if "." in name else ""
        subtype = subtype if subtype in _ENDINGS else ""
    return _SUBTYPES.get(subtype, subtype)


_ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "svg", "heic", "avif")
RULE = ImageUnsupported()
