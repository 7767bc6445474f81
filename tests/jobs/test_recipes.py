from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.errors import InvalidInput, Text
from jobs_app.core.names import check_description, check_name, fitting
from jobs_app.core.presets import SILICONFLOW, SILICONFLOW_PRESETS
from jobs_app.core.recipes import Parameter, Recipe, parse, shown, warnings
from jobs_app.providers import PROVIDERS

OPENAI = PROVIDERS["openai"].parameters


def refusal(data: dict[str, object], parameters: tuple[Parameter, ...]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(data, parameters)
    return caught.value.fields


@pytest.mark.parametrize(
    ("field", "allowed", "refused"),
    [
        ("learning_rate", [0, 0.1, "1e-4", 0.0001], [-0.0001, 0.1001, "fast", True, "nan", "inf"]),
        ("epochs", [1, 10, "3", 3.0], [0, 11, 2.5, "three", [], False]),
        ("batch_size", [1, 32], [0, 33]),
        ("max_tokens", [0, 4096], [-1, 4097]),
        ("lora_rank", [1, 64], [0, 65]),
        ("lora_alpha", [1, 128], [0, 129]),
        ("lora_dropout", [0, 1, "0.05"], [-0.01, 1.01]),
    ],
)
def test_siliconflow_takes_its_published_ranges_and_nothing_beyond(field, allowed, refused):
    for value in allowed:
        assert parse({field: value}, SILICONFLOW)[field] == pytest.approx(float(value))
    for value in refused:
        assert set(refusal({field: value}, SILICONFLOW)) == {field}


@pytest.mark.parametrize("kind", list(PROVIDERS))
def test_each_bound_of_each_setting_is_taken_and_nothing_beyond_it(kind):
    for parameter in PROVIDERS[kind].parameters:
        assert parameter.source, f"{kind} does not say where {parameter.name} comes from"
        assert parameter.extra != (parameter.name in Recipe.__slots__), parameter.name
        assert parameter.default is None or parameter.read(parameter.default) == parameter.default
        numbers = [float(c) for c in parameter.choices] if parameter.kind != "choice" else []
        step = 1 if parameter.kind == "int" else 1e-6
        for bound, beyond in ((parameter.minimum, -step), (parameter.maximum, step)):
            if bound is None or (numbers and bound not in numbers):
                continue
            if parameter.above_minimum and bound == parameter.minimum:
                beyond = 0
            else:
                assert parameter.read(bound) == bound
            with pytest.raises(ValueError, match=r"Give|Choose"):
                parameter.read(bound + beyond)
        for word in parameter.choices:
            assert str(parameter.read(word)) == word
        with pytest.raises(ValueError, match=r"Give|Choose"):
            parameter.read("no such word")


def test_what_only_the_provider_knows_passes_where_it_is_declared_or_let_through():
    ark = PROVIDERS["ark"]
    read = {"parameters": ark.parameters, "passes": ark.passes_extras}
    values = parse({"epochs": 3, "dyn_bsz": "true", "extras": {"shuffle_random_seed": 7, "odd": True}}, **read)
    assert values["extras"] == {"shuffle_random_seed": "7", "odd": "true", "dyn_bsz": "true"}
    assert Recipe.of(values).extras == values["extras"]
    assert set(refusal({"extras": {"shuffle_random_seed": 7}}, OPENAI)) == {"shuffle_random_seed"}
    for extras in ({"a b": "1"}, {"a": "two\nlines"}, {"a": None}, ["a"], {f"n{n}": "1" for n in range(31)}):
        with pytest.raises(InvalidInput) as caught:
            parse({"extras": extras}, **read)
        assert set(caught.value.fields) == {"extras"}
    with pytest.raises(InvalidInput):
        parse({"extras": {"dyn_bsz": "perhaps"}}, **read)


def test_a_setting_of_another_method_is_refused():
    assert set(refusal({"beta": 0.1}, OPENAI)) == {"beta"}
    assert parse({"beta": "0.1"}, OPENAI, method="dpo")["beta"] == 0.1


def test_a_refusal_says_what_is_allowed():
    assert refusal({"epochs": 0}, SILICONFLOW)["epochs"] == "Give a whole number from 1 to 10, not 0."
    assert refusal({"learning_rate": 1}, SILICONFLOW)["learning_rate"] == "Give a number from 0 to 0.1, not 1."
    says = refusal({"learning_rate_multiplier": 0}, OPENAI)["learning_rate_multiplier"]
    assert says == "Give a number above 0, not 0."


def test_every_wrong_field_is_named_at_once():
    assert set(refusal({"epochs": 99, "batch_size": 0, "colour": "red"}, SILICONFLOW)) == {
        "epochs",
        "batch_size",
        "colour",
    }


def test_a_field_with_an_awkward_name_is_refused_like_any_other():
    assert set(refusal({"message": 1, "code": 2, "details": 3, "self": 4}, ())) == {
        "message",
        "code",
        "details",
        "self",
    }


def test_recommended_values_fill_what_is_left_empty():
    assert parse({"epochs": "", "batch_size": None}, SILICONFLOW) == {
        "learning_rate": 0.0001,
        "epochs": 3,
        "batch_size": 8,
        "max_tokens": 4096,
        "lora_rank": 8,
        "lora_alpha": 32,
        "lora_dropout": 0.05,
    }


def test_a_zero_that_is_allowed_is_questioned():
    values = parse({"learning_rate": 0, "max_tokens": 0, "lora_dropout": 0}, SILICONFLOW)
    assert set(warnings(values, SILICONFLOW)) == {"learning_rate", "max_tokens"}


@pytest.mark.parametrize("preset", SILICONFLOW_PRESETS, ids=lambda preset: preset.name)
def test_one_click_on_a_preset_fills_six_fields_that_are_all_allowed(preset):
    assert len(preset.values) == 6
    assert parse(dict(preset.values), SILICONFLOW).items() >= dict(preset.values).items()


def test_the_presets_are_the_published_ones():
    order = ("learning_rate", "epochs", "batch_size", "lora_rank", "lora_alpha", "lora_dropout")
    assert {p.name: tuple(p.values[key] for key in order) for p in SILICONFLOW_PRESETS} == {
        "standard": (1e-4, 3, 8, 8, 32, 0.05),
        "quality": (1e-4, 5, 16, 16, 64, 0.1),
        "light": (1e-4, 2, 8, 4, 16, 0.05),
    }


def test_openai_may_be_asked_to_decide_and_siliconflow_may_not():
    assert parse({"epochs": "auto"}, OPENAI)["epochs"] == "auto"
    assert "epochs" in refusal({"epochs": "auto"}, SILICONFLOW)


def test_a_choice_is_one_of_its_words():
    method = Parameter("method", Text("Method"), "choice", choices=("supervised", "dpo"), default="supervised")
    assert parse({"method": "dpo"}, (method,)) == {"method": "dpo"}
    assert refusal({"method": "magic"}, (method,)) == {"method": "Choose one of: supervised, dpo."}


@given(
    st.dictionaries(
        st.sampled_from([p.name for p in SILICONFLOW]) | st.text(max_size=8),
        st.text() | st.floats() | st.integers() | st.none() | st.booleans() | st.lists(st.integers()),
    )
)
def test_whatever_is_sent_is_either_within_range_or_refused(data):
    try:
        values = parse(data, SILICONFLOW)
    except InvalidInput:
        return
    for parameter in SILICONFLOW:
        assert parameter.minimum <= values[parameter.name] <= parameter.maximum


@given(st.floats(min_value=1e-7, max_value=1e6))
def test_a_bound_is_shown_as_a_plain_number(number):
    assert "e" not in shown(number)


def test_a_recipe_survives_storage():
    recipe = Recipe(epochs="auto", learning_rate_multiplier=0.5, seed=7)
    assert Recipe.of(asdict(recipe)) == recipe
    with pytest.raises(InvalidInput):
        Recipe.of({"colour": "red"})


@pytest.mark.parametrize("name", ["a", "智说新语-v2_1", "x" * 200, "𠮷野家", "々〇"])
def test_ark_accepts_letters_chinese_digits_hyphens_and_underscores(name):
    assert check_name(name, "ark") == name


@pytest.mark.parametrize("name", ["", "x" * 201, "two words", "a/b", "雨☔", "tab\t", "line\n", "naïve", "１２", "a.b"])
def test_ark_refuses_everything_else(name):
    with pytest.raises(InvalidInput) as caught:
        check_name(name, "ark")
    assert set(caught.value.fields) == {"name"}


def test_a_description_keeps_to_the_same_characters_where_the_provider_wants_it():
    for text in ("", "雨-v2_1", "x" * 200):
        assert check_description(text, "ark") == fitting(text, "ark") == text
    for text in ("two words", "a/b", "雨☔", "x" * 201):
        with pytest.raises(InvalidInput) as caught:
            check_description(text, "ark")
        assert set(caught.value.fields) == {"description"}
        assert check_description(fitting(text, "ark"), "ark")
        assert check_description(text) == fitting(text, "plain") == text
    with pytest.raises(InvalidInput):
        check_description("x" * 301)


@given(st.text(max_size=300))
def test_any_text_can_be_made_to_fit(text):
    assert check_description(fitting(text, "ark"), "ark") is not None


@pytest.mark.parametrize(
    ("name", "ok"),
    [("Rain, v2 (雨)", True), ("  ", False), ("", False), ("a\nb", False), ("x" * 200, True), ("x" * 201, False)],
)
def test_elsewhere_a_name_is_one_readable_line(name, ok):
    if ok:
        assert check_name(name) == name
    else:
        with pytest.raises(InvalidInput):
            check_name(name)
