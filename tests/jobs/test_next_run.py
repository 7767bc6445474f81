from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ftstudio.errors import Text
from jobs_app.core.next_run import proposals, scale_readout, stop_advice
from jobs_app.core.presets import SILICONFLOW
from jobs_app.core.recipes import Parameter
from jobs_app.core.verdicts import KINDS, Score, Verdict, judge

RATE = Text("rate")
ARK = (
    Parameter("epochs", RATE, "int", 1, 10),
    Parameter("learning_rate", RATE, "float", 0, 1),
    Parameter("warmup_ratio", RATE, "float", 0, 1),
    Parameter("lora_rank", RATE, "int", 1, 64),
    Parameter("lora_alpha", RATE, "int", 1, 128),
)
RECIPE = {"method": "supervised", "epochs": 3, "learning_rate": 5e-5, "warmup_ratio": 0.05, "lora_rank": 32,
          "lora_alpha": 4}  # fmt: skip
FALLING = [(step, 2.4 * 0.9**step) for step in range(1, 31)]
OVERFIT = [(5, 0.9), (10, 0.6), (15, 0.5), (20, 0.56), (25, 0.63)]


def after(kind: str, recipe=RECIPE, parameters=ARK, **more):
    word = Text("x")
    found = proposals(Verdict(kind, word, word, word, "E2"), recipe, parameters, **more)
    return {proposal.name: dict(proposal.changes) for proposal in found}


def test_an_overfit_run_proposes_a_clone_with_one_epoch_less_or_half_the_rate():
    found = judge(train=FALLING, valid=OVERFIT, validation_rows=40)
    first, second = proposals(found, RECIPE, ARK)
    assert (first.name, first.label, first.changes) == ("fewer-epochs", "Clone with 2 epochs", {"epochs": 2})
    assert first.reason
    assert (second.name, second.changes) == ("lower-rate", {"learning_rate": 2.5e-5})


def test_a_slow_run_gets_a_higher_rate_a_longer_warm_up_and_a_stronger_adapter():
    found = after("underfit-rate")
    assert found["higher-rate"] == {"learning_rate": 1e-4, "warmup_ratio": 0.1}
    assert found["stronger-adapter"] == {"lora_alpha": 8}


def test_the_scale_is_read_out_by_both_formulas():
    assert scale_readout(RECIPE, RECIPE | {"lora_alpha": 8}) == ("alpha / √rank 0.71 → 1.41, alpha / rank 0.125 → 0.25")
    assert scale_readout({}, RECIPE) is None


def test_where_the_provider_chose_the_epochs_what_it_chose_is_the_start():
    recipe = {"epochs": "auto", "learning_rate_multiplier": "auto"}
    parameters = (Parameter("epochs", RATE, "int", 1, 50, auto=True),)
    assert after("overfit", recipe, parameters, epochs=4) == {"fewer-epochs": {"epochs": 3}}
    assert after("overfit", recipe, parameters) == {}


def test_nothing_leaves_the_range_and_nothing_else_is_proposed():
    assert "fewer-epochs" not in after("overfit", RECIPE | {"epochs": 1})
    assert "more-epochs" not in after("underfit-epochs", RECIPE | {"epochs": 10})
    assert after("converged") == after("noisy") == after("unclear") == {}


def test_when_the_task_still_improves_the_next_run_is_longer_and_when_it_got_worse_shorter():
    better = judge(train=FALLING, valid=OVERFIT, validation_rows=40, scores=[Score(15, 0.8, 200), Score(25, 0.93, 200)])
    worse = judge(train=FALLING, valid=[], validation_rows=0, scores=[Score(15, 0.97, 200), Score(25, 0.7, 200)])
    assert proposals(better, RECIPE, ARK)[0].changes == {"epochs": 4}
    assert proposals(worse, RECIPE, ARK)[0].changes == {"epochs": 2}


def test_patience_two_would_have_stopped_there():
    stop = stop_advice([*OVERFIT, (30, 0.7)])
    assert (stop.step, stop.best) == (25, 15)
    assert stop_advice(OVERFIT) is None  # at the very end nothing would have been saved
    assert stop_advice(OVERFIT, last_step=30).step == 25
    assert stop_advice([]) is None


numbers = st.integers(-5, 200) | st.floats() | st.sampled_from(["auto", None, "", True, math.nan])


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([p.name for p in SILICONFLOW]), numbers))
def test_every_proposal_can_be_submitted(kind, recipe):
    for changes in after(kind, recipe, SILICONFLOW).values():
        for name, value in changes.items():
            parameter = next(parameter for parameter in SILICONFLOW if parameter.name == name)
            assert parameter.read(value) == value
