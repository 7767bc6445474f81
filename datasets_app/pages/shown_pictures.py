"""The pictures of a sample as the pages show them: thumbnails from our own address, links to what lies elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.urls import reverse
from django.utils.translation import gettext as _

from datasets_app.core.images import digest_of, kind_of
from datasets_app.core.samples import Sample as Content
from datasets_app.models import Sample
from datasets_app.services import images


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """One of `thumbnail` (with `full`, where there is more to see), `link` and `name` says where the picture is.

    `size` is the picture's width and height in pixels, (0, 0) where that is not known.
    """

    alt: str
    thumbnail: str = ""
    full: str = ""
    link: str = ""
    name: str = ""
    size: tuple[int, int] = (0, 0)


def pictures_by_turn(sample: Sample, content: Content) -> Mapping[str, list[ShownPicture]]:
    """JSON Pointer of a turn's content → its pictures in order. Nothing is fetched from anywhere."""
    found: dict[str, list[ShownPicture]] = {}
    pictures = images.of_sample(content)
    sizes = images.sizes(sample.dataset.project_id, (digest_of(picture.address) for picture in pictures))
    for number, picture in enumerate(pictures):
        turn = picture.path.rpartition("/")[0]
        found.setdefault(turn, []).append(shown_picture(sample, number, picture.address, sizes))
    return found


def shown_picture(
    sample: Sample, number: int, address: str, sizes: Mapping[str, tuple[int, int]] = MappingProxyType({})
) -> ShownPicture:
    """The picture with this address, the `number`th of the sample (from 0); `sizes` in pixels by digest."""
    alt = _("Picture %(n)d of the sample") % {"n": number + 1}
    kind = kind_of(address)
    digest = digest_of(address)
    if digest:
        where = (sample.dataset.project_id, digest)
        thumbnail, full = reverse("pages:image-thumbnail", args=where), reverse("pages:image-file", args=where)
        return ShownPicture(alt, thumbnail, full=full, size=sizes.get(digest, (0, 0)))
    if kind == "data":
        return ShownPicture(alt, reverse("pages:sample-picture", args=(sample.pk, number)))
    return ShownPicture(alt, link=address) if kind == "url" else ShownPicture(alt, name=address)
