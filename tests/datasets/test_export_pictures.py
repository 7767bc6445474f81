"""Pictures through the whole loop: in with a zip, kept by content, and out in the way each format has them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import zipfile
from typing import Any

import pytest
from PIL import Image as Pillow

from datasets_app.models import Image
from datasets_app.pipeline.write_export import write_lines
from datasets_app.services import exports
from ftstudio.errors import Conflict
from tests import make

pytestmark = pytest.mark.once  # as in test_export_codecs

NAMES = ("sky.png", "street.jpg")
BESIDE = ("sharegpt", "alpaca", "dashscope-sft")
INSIDE = ("openai-chat", "together-sft", "ark-sft", "zhipu-sft", "fireworks-sft")


def drawn(kind: str, shade: int, size: tuple[int, int] = (30, 20)) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", size, (shade, 0, 0)).save(out, kind)
    return out.getvalue()


def row(question: str, *names: str) -> make.Record:
    parts = [{"type": "image_url", "image_url": {"url": name}} for name in names]
    content = [*parts, {"type": "text", "text": question}]
    return {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "没有雨。"}]}


def packed(rows: list[make.Record], files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data.jsonl", make.jsonl(rows))
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def sky(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project)
    rows = [row("图里有雨吗？", "sky.png"), row("两张图里有雨吗？", "street.jpg", "sky.png"), *make.chats(1)]
    data = packed(rows, {"sky.png": drawn("PNG", 10), "street.jpg": drawn("JPEG", 200)})
    upload = make.imported(alice, dataset, data, name="sky.zip")
    assert (upload.state, upload.rows_accepted) == ("done", 3)
    return dataset


def bytes_of(export: Any) -> bytes:
    assert export.state == "done", export.error
    with exports.file_of(export) as file:
        data: bytes = file.read()
    return data


def kept() -> dict[str, bytes]:
    found = {}
    for image in Image.objects.all():
        with image.file.open("rb") as file:
            found[image.sha256] = file.read()
    return found


@pytest.mark.parametrize("codec", INSIDE)
def test_a_row_holds_its_pictures_as_data_uris(codec: str, alice: Any, sky: Any) -> None:
    export = make.export(alice, make.snapshot(alice, sky), codec=codec)
    lines = [json.loads(line) for line in bytes_of(export).splitlines()]
    assert len(lines) == 3
    found = [part["image_url"]["url"] for part in lines[1]["messages"][0]["content"] if part["type"] == "image_url"]
    assert [address[: address.index(",")] for address in found] == ["data:image/jpeg;base64", "data:image/png;base64"]
    digests = [hashlib.sha256(base64.b64decode(address.partition(",")[2])).hexdigest() for address in found]
    assert set(digests) == set(kept())
    assert export.manifest["pictures"] == {"files": 0, "embedded": 3}
    assert export.manifest["rewritten"] == {"picture": 2}  # the third is its own bytes, whichever chat it goes out as


@pytest.mark.parametrize("codec", BESIDE)
def test_a_format_that_names_files_comes_as_a_zip_with_them(codec: str, alice: Any, sky: Any) -> None:
    snapshot = make.snapshot(alice, sky)
    export, again = (make.export(alice, snapshot, codec=codec) for _ in range(2))
    data = bytes_of(export)
    assert (export.sha256, export.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert export.sha256 == again.sha256
    assert exports.name_of(export).endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        rows = [json.loads(line) for line in archive.read("data.jsonl").splitlines()]
        beside = {name: archive.read(name) for name in archive.namelist() if name != "data.jsonl"}
    assert {name.partition(".")[0]: data for name, data in beside.items()} == kept()
    assert all(name in json.dumps(rows) for name in beside)
    assert len(rows) == 3
    assert export.manifest["pictures"] == {"files": 2, "embedded": 0}


@pytest.mark.parametrize("codec", [*BESIDE, *INSIDE])
def test_what_was_exported_comes_back_with_its_pictures(codec: str, alice: Any, sky: Any) -> None:
    export = make.export(alice, make.snapshot(alice, sky), codec=codec)
    back = make.dataset(alice, sky.project, name="Back")
    upload = make.imported(alice, back, bytes_of(export), name=exports.name_of(export), format=codec)
    assert (upload.state, upload.rows_accepted, upload.rows_rejected) == ("done", 3, 0)
    again = make.export(alice, make.snapshot(alice, back), codec="openai-chat")
    first = make.export(alice, make.snapshot(alice, sky), codec="openai-chat")
    assert [json.loads(line)["messages"] for line in bytes_of(again).splitlines()] == [
        json.loads(line)["messages"] for line in bytes_of(first).splitlines()
    ]


def test_a_job_sends_the_pictures_too(alice: Any, sky: Any) -> None:
    out = io.BytesIO()
    snapshot = make.snapshot(alice, sky)
    written = write_lines(snapshot, "openai-chat", "all", out)
    assert out.getvalue() == bytes_of(make.export(alice, snapshot))
    assert (written.refused, written.embedded) == (0, 3)
    assert b"image:" not in out.getvalue()


def test_a_picture_that_is_gone_from_the_store_keeps_its_row_out(alice: Any, sky: Any) -> None:
    snapshot = make.snapshot(alice, sky)
    Image.objects.filter(media_type="image/jpeg").delete()
    export = make.export(alice, snapshot)
    assert (export.rows_written, export.manifest["refused"]["reasons"]) == (2, {"image-unsupported": 1})


def test_formats_without_pictures_say_so_before(alice: Any, sky: Any) -> None:
    export = make.export(alice, make.snapshot(alice, sky), codec="siliconflow")
    assert export.rows_written == 1
    assert "images" in export.manifest["refused"]["listed"][0]["fields"]


# The limits of the one the file is for


def many(alice: Any, project: Any, pictures: int) -> Any:
    dataset = make.dataset(alice, project, name="Many")
    names = [f"{n}.png" for n in range(pictures)]
    data = packed([row("?", *names), *make.chats(9)], {name: drawn("PNG", n) for n, name in enumerate(names)})
    make.imported(alice, dataset, data, name="many.zip")
    return make.snapshot(alice, dataset)


def test_too_many_pictures_for_the_target_stop_the_file_until_a_lead_waives(alice: Any, project: Any) -> None:
    snapshot = many(alice, project, 11)
    assert make.export(alice, snapshot).state == "done"
    stopped = make.export(alice, snapshot, options={"profile": "openai"})
    assert (stopped.state, stopped.error["code"], bool(stopped.file)) == ("failed", "image-too-large", False)
    [finding] = stopped.manifest["findings"]
    assert (finding["rule"], finding["severity"]) == ("image-too-large", "error")
    waived = make.export(alice, snapshot, options={"profile": "openai"}, waive={"reason": "a trial"})
    assert waived.state == "done"
    assert [waiver["rule"] for waiver in waived.manifest["waivers"]] == ["image-too-large"]
    assert make.export(alice, many_less(alice, snapshot), options={"profile": "openai"}).state == "done"


def many_less(alice: Any, snapshot: Any) -> Any:
    """The same set without the sample that has the pictures."""
    sample = snapshot.entries.get(position=1).sample
    type(sample).objects.filter(pk=sample.pk).update(status="rejected")
    make.imported(alice, snapshot.dataset, [make.chat("又一问？", "又一答。")])
    return make.snapshot(alice, snapshot.dataset)


def test_a_kept_picture_that_is_too_heavy_or_of_another_type_is_found_in_either_form(
    alice: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets_app.core import profiles

    strict = profiles.Profile(
        "strict", profiles.PROFILES["local"].label, max_image_bytes=2000, image_types=frozenset(("png",))
    )
    monkeypatch.setattr(profiles, "PROFILES", {**profiles.PROFILES, "strict": strict})
    dataset = make.dataset(alice, project, name="Heavy", profile="strict")
    noise = io.BytesIO()
    Pillow.frombytes("RGB", (40, 40), random.Random(1).randbytes(4800)).save(noise, "PNG")
    files = {"noise.png": noise.getvalue(), "street.jpg": drawn("JPEG", 200)}
    make.imported(alice, dataset, packed([row("?", "noise.png"), row("??", "street.jpg")], files), name="heavy.zip")
    snapshot = make.snapshot(alice, dataset)
    for codec in ("openai-chat", "sharegpt"):
        stopped = make.export(alice, snapshot, codec=codec)
        assert stopped.state == "failed"
        assert [one["rule"] for one in stopped.manifest["findings"]] == ["image-too-large", "image-unsupported"]
    with pytest.raises(Conflict):
        exports.file_of(stopped)
    assert make.export(alice, snapshot, waive={"reason": "a trial"}).state == "done"
