"""The form of a JSON answer, by the people who fill it in without a script, and by programs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from datasets_app.models import Revision, Sample
from ftstudio.accounts.models import Project, User
from tests import make
from tests.conftest import api_of, browser_of
from tests.records import NOTE, RECORD, RECORD_SCHEMA

TEXT = json.dumps(RECORD, ensure_ascii=False, indent=2)


@pytest.fixture
def sample(alice: User, project: Project) -> Sample:
    dataset = make.dataset(alice, project, contract={"json": {"schema": RECORD_SCHEMA}})
    make.imported(alice, dataset, [make.chat(NOTE, TEXT)])
    return Sample.objects.select_related("dataset").get()


@pytest.fixture
def desk(bob: User, sample: Sample) -> Client:
    return browser_of(bob)


def fields(page: str) -> dict[str, list[str]]:
    """What a browser without scripts would send of the form as it stands."""
    form = page[page.index('id="sample-form"') : page.index("</form>", page.index('id="sample-form"'))]
    sent: dict[str, list[str]] = defaultdict(list)
    for tag in re.findall(r"<input[^>]*>", form):
        name, value, kind = (re.search(rf'{one}="([^"]*)"', tag) for one in (" name", " value", " type"))
        if name and not (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag):
            sent[unescape(name[1])].append(unescape(value[1]) if value else "on")
    for name, text in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        sent[unescape(name)].append(unescape(text))
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options)
        sent[unescape(name)].append(unescape(chosen[1]) if chosen else "")
    return sent


def shown(desk: Client, sample: Sample) -> str:
    return desk.get(reverse("pages:sample-detail", args=[sample.pk])).content.decode()


def answer(sample: Sample) -> str:
    return str(make.turns_of(Sample.objects.get(pk=sample.pk))[-1]["content"])


def press(desk: Client, sample: Sample, page: str, *step: str, **typed: str) -> str:
    data = {**fields(page), **typed, "form_step": json.dumps(step)}
    return desk.post(reverse("pages:sample-form", args=[sample.pk]), data).content.decode()


def save(desk: Client, sample: Sample, page: str, **typed: Any) -> Any:
    return desk.post(reverse("pages:sample-save", args=[sample.pk]), {**fields(page), **typed})


def test_a_form_that_comes_back_untouched_makes_no_revision(desk: Client, sample: Sample) -> None:
    assert save(desk, sample, shown(desk, sample)).status_code == 302
    assert Revision.objects.count() == 1


def test_what_is_typed_into_the_form_is_saved_and_all_else_stays(desk: Client, sample: Sample) -> None:
    typed = {"at:/patient/age": "58.50", "at:/history/0/status": '"否认"', "null:/complaint/course/worse": "1"}
    assert save(desk, sample, shown(desk, sample), **typed).status_code == 302
    expected = TEXT.replace('"age": 57', '"age": 58.50').replace('"确诊"', '"否认"').replace('"两天"', "null")
    assert answer(sample) == expected


def test_the_raw_text_counts_where_it_was_changed(desk: Client, sample: Sample) -> None:
    typed = {"a-text": TEXT.replace("57", "60"), "at:/patient/age": "58"}
    save(desk, sample, shown(desk, sample), **typed)
    assert answer(sample) == TEXT.replace("57", "60")


def test_items_are_added_filled_moved_and_removed_by_buttons_alone(desk: Client, sample: Sample) -> None:
    page = press(desk, sample, shown(desk, sample), "add", "/denied")
    assert Revision.objects.count() == 1
    page = press(desk, sample, page, "up", "/denied/1", **{"at:/denied/1": "结核"})
    page = press(desk, sample, page, "remove", "/history/1")
    save(desk, sample, page)
    now = json.loads(answer(sample))
    assert now["denied"] == ["结核", "糖尿病"]
    assert [one["condition"] for one in now["history"]] == ["哮喘"]


def test_enter_in_a_field_saves_and_presses_no_button_of_the_form(desk: Client, sample: Sample) -> None:
    page = shown(desk, sample)
    first = re.search(r'<button type="submit"[^>]*>', page[page.index('id="sample-form"') :])
    assert first is not None
    assert "name=" not in first[0]


def test_a_step_that_cannot_be_taken_is_refused_and_what_was_typed_stays(desk: Client, sample: Sample) -> None:
    page = shown(desk, sample)
    answered = desk.post(
        reverse("pages:sample-form", args=[sample.pk]),
        {**fields(page), "form_step": '["add", "/nowhere"]', "at:/patient/age": "61"},
    )
    assert answered.status_code == 422
    assert "no longer what the form was made from" in answered.content.decode()


def test_errors_are_bound_to_the_field_they_are_about(desk: Client, sample: Sample) -> None:
    page = press(desk, sample, shown(desk, sample), "remove", "/history/1", **{"at:/patient/age": "8年"})
    assert re.search(r'id="f/patient/age"[^>]*aria-describedby="f/patient/age-e"[^>]*aria-invalid="true"', page)
    slot = page[page.index('id="f/patient/age-e"') :]
    assert "must be of type null, integer" in slot[:600]


def test_the_form_waits_while_the_text_is_no_json(desk: Client, sample: Sample) -> None:
    Revision.objects.update(payload=Revision.objects.get().payload.replace("{\\n", "{{\\n", 1))
    page = shown(desk, sample)
    assert "so the form waits" in page
    assert "data-leaf" not in page


def test_the_arguments_of_a_task_response_have_a_form_too(alice: User, bob: User, project: Project) -> None:
    dataset = make.dataset(alice, project, contract={"json": {"schema": RECORD_SCHEMA, "written_as": "task-response"}})
    call = {"id": "c1", "type": "function", "function": {"name": "task_response", "arguments": TEXT}}
    turns = [{"role": "user", "content": NOTE}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    make.imported(alice, dataset, [{"messages": turns}], format="openai-chat")
    sample, desk = Sample.objects.get(), browser_of(bob)
    page = shown(desk, sample)
    assert 'name="form_field" value="a-call-0"' in page
    save(desk, sample, page, **{"at:/patient/age": "58"})
    [made] = make.turns_of(sample)[-1]["tool_calls"]
    assert made["arguments"] == TEXT.replace("57", "58")


def test_a_program_fills_in_the_same_form(bob: User, sample: Sample) -> None:
    path = f"/api/v1/samples/{sample.pk}/form/"
    program = api_of(bob)
    seen = program.post(path, {"values": {"/patient/age": "8年"}, "step": "add", "at": "/denied"}, format="json").json()
    assert json.loads(seen["text"])["denied"] == ["糖尿病", ""]
    by_path = {field["path"]: field for field in seen["fields"]}
    assert by_path["/patient/age"]["faults"] == ["must be of type null, integer"]
    assert [one["label"] for one in by_path["/patient/sex"]["options"]] == ["男", "女", "不详"]
    refused = program.post(path, {"text": "{", "step": "add", "at": ""}, format="json")
    assert refused.status_code == 422
    assert Revision.objects.count() == 1


def test_an_answer_of_very_many_values_is_worked_on_as_text(alice: User, bob: User, project: Project) -> None:
    dataset = make.dataset(alice, project, contract={"json": {"schema": {"type": "array"}}})
    make.imported(alice, dataset, [make.chat("?", json.dumps(list(range(1600))))])
    page = shown(browser_of(bob), Sample.objects.get())
    assert "more than 1500 values" in page
    assert "data-leaf" not in page
