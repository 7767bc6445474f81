"""A picture with too many bytes, or too many pictures."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.images import kind_of, pictures
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import PARTS
from ftstudio.errors import Text


def _seen(*addresses: str) -> Sample:
    parts = [{"type": "image_url", "image_url": {"url": address}} for address in addresses]
    return Sample((Message("user", [{"type": "text", "text": "What is it?"}, *parts]), Message("assistant", "A cat.")))


_PNG = "data:image/png;base64,iVBORw0KGgo="
_OPENAI = {"profile": "openai"}


class ImageTooLarge(Rule):
    name = "image-too-large"
    needs = PARTS
    title = Text("Picture too large, or too many")
    help = Text(
        "Providers limit the bytes of a picture and the pictures of a sample. Uploaded pictures are made to fit; the "
        "size of one behind an address is not known here."
    )
    good = ((_seen(_PNG), {}, _OPENAI), chat("France?", "Paris"))
    bad = (
        (_seen(*[_PNG] * 11), {}, _OPENAI),
        (_seen("data:image/png;base64,iVBORw0KGgoA" + "A" * 14_000_000), {}, _OPENAI),
    )

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return profile.max_images is not None or profile.max_image_bytes is not None

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        profile = context.profile
        found = list(pictures(sample))
        if profile.max_images is not None and len(found) > profile.max_images:
            yield self.found(
                Text("{count} pictures, and {provider} takes at most {max} in a sample.", count=len(found),
                     provider=profile.label, max=profile.max_images),
                found[profile.max_images].path,
            )  # fmt: skip
        for picture in found:
            size = size_of(picture.address)
            if (said := too_heavy(size, profile)) is not None:
                yield self.found(said, picture.path)


def too_heavy(size: int, profile: Profile) -> Text | None:
    """What is wrong with a picture of so many bytes; None when it may pass."""
    if profile.max_image_bytes is None or size <= profile.max_image_bytes:
        return None
    return Text(
        "The picture has {size} bytes, and {provider} takes at most {max}: make it smaller.",
        size=size, provider=profile.label, max=profile.max_image_bytes,
    )  # fmt: skip


def size_of(address: str) -> int:
    """The bytes that a base64 data URI holds; 0 for every other address."""
    if kind_of(address) != "data":
        return 0
    head, _, data = address.partition(",")
    return len(data) * 3 // 4 - data[-2:].count("=") if head.endswith(";base64") else len(data)


RULE = ImageTooLarge()
