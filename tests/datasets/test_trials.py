"""A lead tries a contract before it is saved: on a pasted text and on some samples; nothing is written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from datasets_app.core import contracts, trials
from datasets_app.core.engine import Checker
from datasets_app.models import Sample, Waiver
from datasets_app.services import trials as service
from ftstudio.accounts.models import AuditEntry
from ftstudio.errors import InvalidInput, NotAllowed
from tests import make

STRICT = {"text": {"ends_with": ["。"], "characters": {"max": 6}}}


def positions(one: Any, keys: list[int]) -> list[int]:
    return [one.named[key].position for key in keys]


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    """A dataset whose answers must end with a full stop; the third and fifth do not, the fourth is long."""
    made = make.dataset(alice, project, contract={"text": {"ends_with": ["。"]}})
    answers = ["会下雨。", "不会。", "会下雨", "明天早上大概不会下雨。", "不会"]
    make.imported(alice, made, [make.chat(f"第{n}天？", answer) for n, answer in enumerate(answers, start=1)])
    made.refresh_from_db()
    return made


@pytest.mark.django_db
def test_a_lead_sees_which_samples_would_fall_and_which_would_pass(alice: Any, project: Any, rain: Any) -> None:
    before = AuditEntry.objects.count()
    seen = service.run(
        actor=alice, project=project, dataset=rain, contract={"text": {"characters": {"max": 6}}}
    ).samples
    assert seen is not None
    assert seen.complete
    assert (seen.tally.looked, seen.tally.passes_before, seen.tally.passes_after) == (5, 3, 4)
    said = {one.rule: one for one in seen.tally.changes}
    assert positions(seen, said["terminal-punctuation"].no_longer) == [3, 5]
    assert positions(seen, said["too-long"].newly) == [4]
    assert (said["too-long"].before, said["too-long"].after, said["too-long"].severity_after) == (0, 1, "error")
    rain.refresh_from_db()
    assert rain.contract == {"text": {"ends_with": ["。"]}}
    assert not rain.checking_version
    assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_a_trial_says_what_saving_then_finds(alice: Any, project: Any, rain: Any) -> None:
    from datasets_app.pipeline import check
    from datasets_app.services import datasets

    seen = service.run(actor=alice, project=project, dataset=rain, contract=STRICT).samples
    datasets.update(actor=alice, dataset=rain, contract=STRICT)
    check.check(rain.pk)
    counted = datasets.counts(rain)["rule"]
    assert seen is not None
    assert {one.rule: one.after for one in seen.tally.changes if one.after} == counted


@pytest.mark.django_db
def test_what_a_lead_let_pass_counts_on_neither_side(alice: Any, project: Any, rain: Any) -> None:
    for sample in Sample.objects.filter(dataset=rain, position__in=[3, 4]):
        for rule in ("terminal-punctuation", "too-long"):
            Waiver.objects.create(dataset=rain, sample=sample, rule=rule, reason="so meant", by=alice)
    seen = service.run(actor=alice, project=project, dataset=rain, contract=STRICT).samples
    assert seen is not None
    assert (seen.tally.passes_before, seen.tally.passes_after) == (4, 4)
    assert [one.rule for one in seen.tally.changes] == ["terminal-punctuation"]


@pytest.mark.django_db
def test_equal_seeds_draw_the_same_samples_and_the_newest_are_always_there(alice: Any, project: Any) -> None:
    made = make.dataset(alice, project)
    make.imported(alice, made, make.chats(60))
    Sample.objects.filter(dataset=made, position__in=[59, 60]).update(status="trashed")
    drawn = [service._chosen(made, 10, 3, seed) for seed in (7, 7, 8)]
    assert drawn[0] == drawn[1] != drawn[2]
    for keys in drawn:
        at = list(Sample.objects.filter(pk__in=keys).order_by("position").values_list("position", flat=True))
        assert len(at) == 13
        assert at[-3:] == [56, 57, 58]
    assert len(service._chosen(made, 1000, 50, 1)) == 58
    assert service._chosen(made, 0, 0, 1) == []


@pytest.mark.django_db
def test_long_samples_end_it_early_and_it_says_so(
    alice: Any, project: Any, rain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_BUDGET", 1)
    seen = service.run(actor=alice, project=project, dataset=rain, contract=STRICT).samples
    assert seen is not None
    assert (seen.tally.looked, seen.wanted, seen.complete) == (1, 5, False)


@pytest.mark.django_db
def test_a_dataset_that_is_not_made_yet_is_tried_on_what_is_pasted(alice: Any, project: Any) -> None:
    said = service.run(actor=alice, project=project, contract=STRICT, answer="会下雨", question="天气？")
    assert said.samples is None
    assert said.pasted is not None
    assert said.pasted.before is None
    assert [one.rule for one in said.pasted.after.findings] == ["terminal-punctuation"]
    assert not said.pasted.after.passes
    assert [met for _, met in said.pasted.requirements] == [False, True]


@pytest.mark.django_db
def test_only_who_may_change_the_contract_tries_one(bob: Any, alice: Any, project: Any, rain: Any) -> None:
    for dataset in (rain, None):
        with pytest.raises(NotAllowed):
            service.run(actor=bob, project=project, dataset=dataset, contract=STRICT)
    with pytest.raises(InvalidInput) as refused:
        service.run(actor=alice, project=project, dataset=rain, contract={"txt": {}})
    assert set(refused.value.fields) == {"contract"}


@pytest.mark.django_db
def test_the_page_and_the_api_say_the_same(pages: Any, api: Any, rain: Any) -> None:
    page = pages.post(
        f"/datasets/{rain.pk}/trial/",
        {"profile": "local", "characters_max": "6", "trial_answer": "明天早上大概不会下雨。", "trial_question": "？"},
        headers={"hx-request": "true", "hx-target": "trial"},
    )
    assert page.status_code == 200
    shown = page.content.decode()
    assert "<html" not in shown
    assert "5 of 5 samples" in shown
    assert "It would not pass." in shown
    fourth = Sample.objects.get(dataset=rain, position=4)
    assert f'href="/samples/{fourth.pk}/"' in shown
    given = {"contract": {"text": {"characters": {"max": 6}}}, "answer": "明天早上大概不会下雨。", "question": "？"}
    said = api.post(f"/api/v1/datasets/{rain.pk}/trial/", given, format="json").json()
    assert (said["samples"]["passes_before"], said["samples"]["passes_after"]) == (3, 4)
    assert (said["pasted"]["passes"], said["pasted"]["passes_before"], said["pasted"]["new"]) == (
        False, True, ["too-long"],
    )  # fmt: skip
    [long] = [one for one in said["samples"]["rules"] if one["rule"] == "too-long"]
    assert [one["position"] for one in long["newly"]] == [4]


@pytest.mark.django_db
def test_without_scripts_other_samples_are_drawn_too(pages: Any, rain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_BUDGET", 1)  # not all of them are looked at
    whole = pages.post(f"/datasets/{rain.pk}/trial/", {"profile": "local", "trial_seed": "7"}).content.decode()
    said = re.findall(r'name="trial_seed" value="(\d+)"', whole)
    assert said == ["7", "8"]  # a browser sends both as they stand, and the last counts: that of the button


@pytest.mark.django_db
def test_a_contract_that_cannot_be_read_is_said_in_the_part_and_keeps_what_was_typed(pages: Any, rain: Any) -> None:
    given = {"profile": "local", "schema": "{", "trial_answer": "a < b"}
    part = pages.post(f"/datasets/{rain.pk}/trial/", given, headers={"hx-request": "true", "hx-target": "trial"})
    assert part.status_code == 422
    assert "JSON Schema: This is not JSON" in part.content.decode()
    whole = pages.post(f"/datasets/{rain.pk}/trial/", given)  # without scripts: the whole form
    assert whole.status_code == 422
    assert "a &lt; b</textarea>" in whole.content.decode()


def test_a_pasted_row_is_read_in_its_format_and_a_json_answer_is_an_answer() -> None:
    checker = Checker(contracts.parse({"json": {"schema": {"type": "object", "required": ["label"]}}}))
    row = trials.pasted('{"instruction": "天气？", "input": "", "output": "{\\"label\\": 1}"}')
    assert row.format == "alpaca"
    assert row.judge(checker).passes
    alone = trials.pasted('{"lable": 1}')
    assert (alone.format, alone.compared) == ("", False)
    assert [one.rule for one in alone.judge(checker).findings] == ["schema-violation"]
    asked = trials.pasted('{"messages": []}', question="An empty chat, please.")
    assert asked.format == ""
    assert asked.sample.messages[-1].text == '{"messages": []}'
    with pytest.raises(InvalidInput):
        trials.pasted('{"messages": [{"role": "user", "content": "?"}], "$keys": []}')  # a key of ours


def test_an_answer_without_its_question_is_not_held_against_one() -> None:
    grounded = Checker(contracts.parse({"text": {"grounded": ["numbers"]}, "pairs": True}))
    alone = trials.pasted("成立于 2010 年。")
    assert alone.judge(grounded).findings == ()
    assert alone.requirements(grounded) == []
    asked = trials.pasted("成立于 2010 年。", question="何时成立？")
    assert [one.rule for one in asked.judge(grounded).findings] == ["ungrounded-value"]
