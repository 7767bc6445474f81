"""Which settings to begin with: published rows come back as published, and nothing is said without a reason."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftstudio.errors import Text
from jobs_app.core.arithmetic import arithmetic, batch_table, scales
from jobs_app.core.presets import SILICONFLOW, SILICONFLOW_PRESETS
from jobs_app.core.recipes import Parameter, parse
from jobs_app.core.recommender import Advised, Data, recommend, values_of
from jobs_app.core.trained_share import QWEN25, trained_share
from jobs_app.providers import PROVIDERS


def number(name: str, kind: str, low: float, high: float | None, default: object = None, **more: object) -> Parameter:
    return Parameter(name, Text(name), kind, low, high, default, source="a test", **more)  # type: ignore[arg-type]


# The form that S2's case was filled in with; the provider's own table may hold more.
ARK = (
    number("epochs", "int", 1, 10, 1),
    number("batch_size", "int", 1, 64, 8),
    number("learning_rate", "float", 0, 1, 1e-5),
    number("warmup_ratio", "float", 0, 1, 0.05),
    number("lora_rank", "int", 32, 64, 32, choices=("32", "64")),
    number("lora_alpha", "int", 1, 128, 4),
)


def by_name(kind: str, parameters: tuple[Parameter, ...], data: Data, **more: bool) -> dict[str, Advised]:
    return {one.name: one for one in recommend(kind, parameters, data, **more)}


def test_forty_two_samples_on_ark_come_back_as_the_published_run_had_them():
    provider = PROVIDERS.get("ark")
    for parameters in (ARK, provider.parameters if provider else ARK):
        found = by_name("ark", parameters, Data(train=42), passes_extras=True)
        row = {name: (found[name].value, found[name].low, found[name].high) for name in (
            "epochs", "batch_size", "learning_rate", "warmup_ratio", "lora_rank", "lora_alpha",
            "save_model_per_epoch", "dyn_bsz",
        )}  # fmt: skip
        assert row == {
            "epochs": (3, 2, 3),
            "batch_size": (4, 4, 8),
            "learning_rate": (5e-5, 3e-5, 5e-5),
            "warmup_ratio": (0.1, None, None),
            "lora_rank": (32, None, None),
            "lora_alpha": (8, None, None),
            "save_model_per_epoch": ("1", None, None),
            "dyn_bsz": ("true", None, None),
        }
        assert all(one.reason for one in found.values())
        extras = values_of(found.values())["extras"]
        assert extras == {"save_model_per_epoch": "1", "dyn_bsz": "true"} | extras


def test_siliconflow_gets_its_standard_preset_within_the_range_of_all_three():
    found = by_name("siliconflow", SILICONFLOW, Data(train=178, longest=700, p95=610))
    standard, *others = SILICONFLOW_PRESETS
    for name, value in standard.values.items():
        assert found[name].value == value
        low, high = found[name].low, found[name].high
        published = [preset.values[name] for preset in (standard, *others)]
        assert (low, high) == ((min(published), max(published)) if len(set(published)) > 1 else (None, None))
    assert found["max_tokens"].value == 768


def test_openai_is_sent_epochs_and_batch_and_multiplier_only_and_the_disagreement_is_a_range():
    advised = recommend("openai", PROVIDERS["openai"].parameters, Data(train=42, validation=4))
    assert set(values_of(advised)) == {"epochs", "batch_size", "learning_rate_multiplier"}
    epochs = next(one for one in advised if one.name == "epochs")
    assert (epochs.value, epochs.low, epochs.high) == (3, 3, 10)
    assert [opinion.value for opinion in epochs.others] == [3, 10]


def test_full_tuning_gets_a_tenth_of_an_adapters_rate():
    rate = (number("learning_rate", "float", 0, 1, 1e-5),)
    lora = by_name("together", rate, Data(train=500))["learning_rate"]
    full = recommend("together", rate, Data(train=500), tuning="full")[0]
    assert full.value == pytest.approx(float(lora.value) / 10)


@pytest.mark.parametrize("kind", list(PROVIDERS))
def test_every_setting_of_every_provider_is_explained_and_within_its_range(kind: str):
    provider = PROVIDERS[kind]
    for n in (0, 1, 9, 42, 60, 300, 3_000, 250_000):
        data = Data(train=n, validation=n // 10, longest=900 + n, p95=800)
        for method in provider.capabilities.methods:
            offered = [p for p in provider.parameters if p.of(method)]
            advised = recommend(kind, provider.parameters, data, method=method, passes_extras=provider.passes_extras)
            assert [one.name for one in advised][: len(offered)] == [p.name for p in offered]
            assert all(one.reason and one.source and one.confidence for one in advised)
            values = values_of(advised)
            assert (
                parse(values, provider.parameters, method=method, passes=provider.passes_extras).items()
                >= {name: value for name, value in values.items() if name != "extras"}.items()
            )
            for parameter, one in zip(offered, advised, strict=False):
                for bound in (one.low, one.high):
                    assert bound is None or parameter._within(bound) or parameter.choices


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30_000), st.integers(1, 30_000), st.sampled_from([*PROVIDERS, "ark"]))
def test_more_rows_never_turn_the_advice_back_and_forth(a: int, b: int, kind: str):
    fewer, more = sorted((a, b))
    parameters = PROVIDERS[kind].parameters if kind in PROVIDERS else ARK
    now, then = (by_name(kind, parameters, Data(train=n)) for n in (fewer, more))
    rising = {"batch_size", "lora_rank", "lora_alpha", "eval_steps"}
    for name, one in now.items():
        if isinstance(one.value, int | float) and isinstance(then[name].value, int | float):
            assert (one.value <= then[name].value) if name in rising else (one.value >= then[name].value)


def test_what_the_provider_does_not_take_becomes_the_nearest_that_it_does():
    narrow = replace(ARK[0], minimum=5, maximum=10)
    assert recommend("ark", (narrow,), Data(train=42))[0].value == 5
    ranks = number("lora_rank", "int", 16, 64, 16, choices=("16", "64"))
    assert recommend("local", (ranks,), Data(train=42))[0].value == 16


def test_a_short_run_warms_up_for_at_least_two_updates():
    parameters = (ARK[0], ARK[1], ARK[3])
    advised = values_of(recommend("together", parameters, Data(train=12)))
    assert arithmetic(12, advised).warmup_updates >= 2


def test_the_arithmetic_of_the_published_run():
    recipe = {"epochs": 3, "batch_size": 8, "warmup_ratio": 0.1, "lora_rank": 32, "lora_alpha": 4}
    found = arithmetic(42, recipe, tokens=1_000)
    assert (found.updates_per_epoch, found.updates, found.exposures, found.warmup_updates) == (6, 18, 126, 2)
    assert found.tokens == 3_000
    assert arithmetic(38, recipe).updates_per_epoch == 5
    assert round(found.root_scale or 0, 2) == 0.71
    assert round((scales(32, 8) or (0, 0))[1], 2) == 1.41
    assert {scales(p.values["lora_rank"], p.values["lora_alpha"])[0] for p in SILICONFLOW_PRESETS} == {4}
    assert scales(0, 8) is None


def test_the_batch_table_shows_the_updates_of_each_size():
    assert batch_table(600, (1, 4, 8), 3) == [(1, 600, 1800), (4, 150, 450), (8, 75, 225)]


def test_the_trained_share_is_told_before_the_start_where_the_shape_of_the_model_is_published():
    for shape in QWEN25.values():  # the shapes add up to the published counts of weights, vocabulary included
        square, wide = shape.hidden * shape.hidden, shape.hidden * shape.keys
        layer = 2 * square + 2 * wide + 3 * shape.hidden * shape.inner + 3 * shape.hidden + 2 * shape.keys
        assert 2 * 152_064 * shape.hidden + shape.layers * layer + shape.hidden == shape.weights
    assert QWEN25["7b"].adapter(16) == 40_370_176
    said = trained_share("Qwen/Qwen2.5-7B-Instruct", tuning="lora", rank=8)
    assert said == "At most 0.27 % of the weights: 20.2 of 7,616 million, with an adapter of rank 8 on every layer."
    assert "not known here" in (trained_share("doubao-lite@1", tuning=None, rank=32) or "")
    assert trained_share("Qwen/Qwen2.5-7B-Instruct", tuning="full", rank=8) == "All weights are trained."
    assert trained_share("gpt-4.1-mini", tuning=None, rank=None) is None


@given(st.integers(0, 10**6), st.integers(1, 256), st.integers(1, 50))
def test_updates_are_what_a_trainer_does(rows: int, batch: int, epochs: int):
    found = arithmetic(rows, {"epochs": epochs, "batch_size": batch})
    assert found.updates == math.ceil(rows / batch) * epochs
