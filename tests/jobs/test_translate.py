"""A recipe goes from one provider to another: carried, converted by a formula, changed aloud, or left out aloud."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jobs_app.core.translate import Side, Translation, translate
from jobs_app.providers import PROVIDERS

KINDS = sorted(PROVIDERS)


def side(kind: str) -> Side:
    return Side(kind, kind, PROVIDERS[kind].parameters)


def carried_over(recipe: dict[str, Any], source: str, target: str) -> Translation:
    return translate({"method": "supervised", **recipe}, side(source), side(target))


def test_the_weight_of_an_adapter_is_converted_by_its_formula() -> None:
    found = carried_over({"lora_rank": 32, "lora_alpha": 128}, "siliconflow", "ark")
    # alpha / rank = 4; 4 × √32 = 22.6, rounded to 23, which weighs 4.07
    assert found.values["lora_rank"] == 32
    assert found.values["lora_alpha"] in (23, 16)  # the nearest that Ark takes
    (line,) = found.of("converted")
    assert "alpha / rank = 4.00" in line.says
    assert "alpha / √rank" in line.says


def test_back_and_forth_the_adapter_weighs_the_same() -> None:
    back = carried_over({"lora_rank": 32, "lora_alpha": 8}, "ark", "siliconflow")
    # 8 / √32 = 1.41; 1.41 × 32 = 45
    assert back.values["lora_alpha"] == round(8 / math.sqrt(32) * 32) == 45


def test_where_nobody_says_how_it_counts_the_weight_is_left_out() -> None:
    found = carried_over({"lora_rank": 8, "lora_alpha": 32}, "siliconflow", "together")
    assert "lora_alpha" not in found.values
    assert "not documented" in found.of("left-out")[0].says


def test_a_rate_is_never_turned_into_a_multiplier() -> None:
    found = carried_over({"learning_rate": 1e-4, "epochs": 3}, "siliconflow", "openai")
    assert "learning_rate" not in found.values
    assert "learning_rate_multiplier" not in found.values
    assert found.values["epochs"] == 3
    assert "cannot be turned into each other" in found.of("left-out")[0].says


def test_what_is_out_of_range_is_changed_aloud() -> None:
    found = carried_over({"epochs": 40, "batch_size": 4}, "openai", "siliconflow")
    assert (found.values["epochs"], found.values["batch_size"]) == (10, 4)
    (line,) = found.of("changed")
    assert "40" in line.says
    assert "1 to 10" in line.says
    rank = carried_over({"lora_rank": 8}, "siliconflow", "ark")
    assert rank.values["lora_rank"] == 32
    assert rank.of("changed")


def test_what_the_provider_chose_itself_is_left_out_where_the_other_cannot() -> None:
    found = carried_over({"epochs": "auto"}, "openai", "siliconflow")
    assert found.values == {"method": "supervised"}
    assert found.of("left-out")


def recipes() -> Any:
    numbers = st.one_of(
        st.integers(-5, 10_000), st.floats(allow_nan=False, allow_infinity=False, width=32), st.just("auto")
    )
    names = ["epochs", "batch_size", "learning_rate", "learning_rate_multiplier", "lora_rank", "lora_alpha",
             "lora_dropout", "max_tokens", "warmup_ratio", "beta", "seed", "nonsense"]  # fmt: skip
    return st.dictionaries(st.sampled_from(names), numbers)


@given(recipes(), st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_every_setting_gets_one_sentence_and_no_value_is_out_of_range(
    recipe: dict[str, Any], source: str, target: str
) -> None:
    found = translate({**recipe, "extras": {"own": "1"}}, side(source), side(target))
    assert sorted(line.name for line in found.lines) == sorted([*recipe, "own"])
    offered = {parameter.name: parameter for parameter in PROVIDERS[target].parameters}
    values = {name: value for name, value in found.values.items() if name not in ("method", "extras")}
    for name, value in values.items():
        assert offered[name].read(value) == value
    kept = {*values, *found.values.get("extras", ())}
    assert {line.name for line in found.of("left-out")} == {*recipe, "own"} - kept
