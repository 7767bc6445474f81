"""Pictures: written anew under limits, stored once, seen by members alone, and never fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image as Pillow
from PIL.ExifTags import IFD, Base

from datasets_app.models import Image
from datasets_app.pipeline import pictures
from datasets_app.services import images
from ftstudio.errors import InvalidInput
from tests import make
from tests.conftest import api_of, browser_of, put_down


def drawn(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **how: Any) -> bytes:
    out = BytesIO()
    Pillow.new(mode, size, 7).save(out, kind, **how)
    return out.getvalue()


def data_uri(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def asked_of(address: str) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": address}}
    question = {"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}
    return {"messages": [question, {"role": "assistant", "content": "A square."}]}


def added(actor: Any, project: Any, data: bytes) -> Image:
    return images.add(actor=actor, project=project, file=BytesIO(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_written_anew_and_stored_by_its_content(kind: str, alice: Any, project: Any) -> None:
    image = added(alice, project, drawn(kind))
    with image.file.open("rb") as file:
        kept = file.read()
    assert hashlib.sha256(kept).hexdigest() == image.sha256
    assert (image.media_type, image.width, image.height) == (f"image/{kind.lower()}", 40, 20)
    assert image.bytes == len(kept)
    assert Pillow.open(BytesIO(kept)).size == (40, 20)
    assert image.address == f"image:{image.sha256}"


def test_where_and_with_what_a_picture_was_taken_stays_behind_but_it_stands_upright(alice: Any, project: Any) -> None:
    about = Pillow.Exif()
    about[Base.Make] = "Camera of Alice"
    about[Base.Orientation] = 6  # lies on its side
    about.get_ifd(IFD.GPSInfo)[1] = "N"
    image = added(alice, project, drawn("JPEG", exif=about, comment=b"secret"))
    with image.file.open("rb") as file:
        kept = Pillow.open(BytesIO(file.read()))
    assert (kept.size, dict(kept.getexif())) == ((20, 40), {})
    assert "comment" not in kept.info


def test_what_hides_behind_the_picture_is_not_kept(alice: Any, project: Any) -> None:
    image = added(alice, project, drawn() + b"<script>alert(1)</script>")
    with image.file.open("rb") as file:
        assert b"script" not in file.read()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_pixels_is_taken(mode: str, alice: Any, project: Any) -> None:
    image = added(alice, project, drawn(mode=mode))
    with image.file.open("rb") as file:
        assert Pillow.open(BytesIO(file.read())).mode in ("L", "RGB", "RGBA")


def test_a_print_shops_jpeg_is_taken(alice: Any, project: Any) -> None:
    assert added(alice, project, drawn("JPEG", mode="CMYK")).media_type == "image/jpeg"


def test_the_same_picture_is_stored_once_a_project_and_not_shared_between_projects(
    alice: Any, project: Any, mallory: Any
) -> None:
    one, same = added(alice, project, drawn()), added(alice, project, drawn())
    theirs = added(mallory, mallory.memberships.get().project, drawn())
    assert one == same
    assert (theirs.sha256, theirs.pk != one.pk, theirs.file.name != one.file.name) == (one.sha256, True, True)
    assert len(default_storage.listdir(one.file.name.rpartition("/")[0])[1]) == 2  # the picture and its thumbnail


def photo(kind: str) -> bytes:
    """What does not come out as it went in: every pixel is another."""
    out = BytesIO()
    Pillow.effect_noise((60, 40), 90).convert("RGB").save(out, kind, quality=60)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_comes_back_from_an_export_is_the_picture_that_is_kept(
    kind: str, alice: Any, project: Any
) -> None:
    image = added(alice, project, photo(kind))
    with image.file.open("rb") as file:
        assert added(alice, project, file.read()) == image
    assert Image.objects.get() == image


def test_a_phones_jpeg_with_a_second_picture_inside_is_its_first(alice: Any, project: Any) -> None:
    """Depth and brightness maps travel so; everybody else shows the first one too, and no model sees a film."""
    image = added(alice, project, drawn("MPO", save_all=True, append_images=[Pillow.new("RGB", (9, 9), "red")]))
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 40, 20)
    with image.file.open("rb") as file:
        assert Pillow.open(BytesIO(file.read())).format == "JPEG"


def bomb() -> bytes:
    """A small file that says it is 60,000 × 60,000 pixels."""
    data = bytearray(drawn())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"no picture", "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
        (drawn("GIF"), "not_a_picture"),
        (drawn("JPEG")[:-200], "not_a_picture"),
        (drawn()[:40], "not_a_picture"),
        (bomb(), "too_large"),
        (drawn(size=(8000, 5001), mode="1"), "too_large"),
        (b"\x89PNG" + b"0" * pictures.MAX_BYTES, "too_large"),
        (drawn("WEBP", save_all=True, append_images=[Pillow.new("RGB", (40, 20), "red")]), "animated"),
    ],
    ids=["empty", "text", "svg", "gif", "cut jpeg", "cut png", "bomb", "pixels", "bytes", "animated"],
)
def test_what_is_no_usable_picture_is_refused_with_a_reason(data: bytes, code: str, alice: Any, project: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        added(alice, project, data)
    assert refusal.value.code == code
    assert not Image.objects.exists()


def test_members_see_a_picture_and_a_stranger_does_not(alice: Any, bob: Any, project: Any, mallory: Any) -> None:
    image = added(bob, project, drawn())
    for address in (
        f"/projects/{project.pk}/images/{image.sha256}/",
        f"/projects/{project.pk}/images/{image.sha256}/thumbnail/",
    ):
        answer = browser_of(alice).get(address)
        put_down(answer)
        assert (answer.status_code, answer["X-Content-Type-Options"]) == (200, "nosniff")
        assert answer["Content-Type"].startswith("image/")
        assert answer["Content-Disposition"].startswith("inline; filename=")
        assert browser_of(mallory).get(address).status_code == 404


def test_a_script_brings_a_picture_in_and_reads_it_back(api: Any, project: Any) -> None:
    address = f"/api/v1/projects/{project.pk}/images/"
    made = api.post(address, {"file": BytesIO(drawn())}, format="multipart")
    assert made.status_code == 201, made.content
    sha256 = made.json()["sha256"]
    assert api.get(f"{address}{sha256}/").json() == made.json() == api.get(address).json()["results"][0]
    file = api.get(f"{address}{sha256}/file/")
    assert hashlib.sha256(b"".join(file.streaming_content)).hexdigest() == sha256


def test_the_page_shows_what_was_brought_in(pages: Any, project: Any) -> None:
    address = f"/projects/{project.pk}/images/"
    file = BytesIO(drawn())
    file.name = "square.png"
    answer = pages.post(address, {"file": file}, follow=True)
    assert Image.objects.get().address in answer.content.decode()
    refused = pages.post(address, {"file": BytesIO(b"no picture")})
    assert refused.status_code == 422
    assert "This is no picture" in refused.content.decode()


def test_the_desk_shows_a_stored_picture_as_its_thumbnail(alice: Any, project: Any) -> None:
    image = added(alice, project, drawn())
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [asked_of(image.address)])
    shown = browser_of(alice).get(f"/samples/{dataset.samples.get().pk}/").content.decode()
    assert f'src="/projects/{project.pk}/images/{image.sha256}/thumbnail/"' in shown
    assert 'alt="Picture 1 of the sample"' in shown


def test_the_room_of_a_picture_is_kept_free_so_that_nothing_jumps_when_it_comes(alice: Any, project: Any) -> None:
    image = added(alice, project, drawn(size=(400, 300)))
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [asked_of(image.address)])
    for path in (f"/samples/{dataset.samples.get().pk}/", f"/projects/{project.pk}/images/"):
        assert 'width="256" height="192"' in browser_of(alice).get(path).content.decode()


def test_a_picture_inside_a_sample_is_shown_through_our_own_address(alice: Any, project: Any, mallory: Any) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [asked_of(data_uri(drawn(size=(900, 300))))])
    sample = dataset.samples.get()
    address = f"/samples/{sample.pk}/pictures/0/"
    assert f'src="{address}"' in browser_of(alice).get(f"/samples/{sample.pk}/").content.decode()
    answer = browser_of(alice).get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert Pillow.open(BytesIO(answer.content)).size == (320, 107)
    assert browser_of(alice).get(f"/samples/{sample.pk}/pictures/1/").status_code == 404
    assert browser_of(mallory).get(address).status_code == 404


@pytest.mark.parametrize(
    "address", ["data:text/html;base64,PHNjcmlwdD4=", "data:image/png;base64,!!!", "data:image/svg+xml;base64,PHN2Zy8+"]
)
def test_what_only_says_it_is_a_picture_is_not_shown(address: str, alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [asked_of(address)])
    assert browser_of(alice).get(f"/samples/{dataset.samples.get().pk}/pictures/0/").status_code == 404


def test_a_picture_from_elsewhere_is_a_link_and_is_not_loaded(alice: Any, project: Any) -> None:
    dataset = make.dataset(alice, project)
    make.imported(alice, dataset, [asked_of("https://example.org/cat.png")])
    page = browser_of(alice).get(f"/samples/{dataset.samples.get().pk}/").content.decode()
    assert 'href="https://example.org/cat.png"' in page
    assert 'src="https://example.org' not in page


def test_an_annotator_may_add_pictures_and_a_stranger_finds_no_project(bob: Any, mallory: Any, project: Any) -> None:
    sent = {"file": BytesIO(drawn())}
    assert api_of(mallory).post(f"/api/v1/projects/{project.pk}/images/", sent, format="multipart").status_code == 404
    sent["file"].seek(0)
    assert api_of(bob).post(f"/api/v1/projects/{project.pk}/images/", sent, format="multipart").status_code == 201
