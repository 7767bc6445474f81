"""What is published about training settings, by the size of the data: a table, no code. Read by `core.recommender`.

Each choice carries who says it and how sure that is; where sources disagree, each one's value is kept beside the other.
The general table is for tuning an adapter (LoRA) whose weight counts as alpha / rank; full tuning divides its rates by
`FULL_TUNING`. A provider's own table stands over it: see `PROFILES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ftstudio.errors import Text
from jobs_app.core.recipes import Value

# "high": the provider documents it for its own service · "medium": recipes of several projects agree, or a run is
# published · "low": drawn from neighbouring cases, by us or by a rule of thumb
Confidence = Literal["high", "medium", "low"]

FULL_TUNING = 10  # an adapter's best rate is about ten times that of tuning every weight (Schulman et al. 2025)
SYNTHESIS = "ftstudio's synthesis of Unsloth's guide, Axolotl's examples and “LoRA Without Regret” (2025)"
ARK_CASE = "a published SFT of Doubao on Ark with 42 samples"
ARK_DOCS = "Volcengine Ark, model customisation, 2026"
PRESETS = "SiliconFlow, model fine-tuning guide, checked 2026-11-20"
DASHSCOPE = "Alibaba Cloud Model Studio, fine-tuning guide, 2026"
TOGETHER = "Together AI, fine-tuning reference, 2026-04"
AZURE = "Microsoft Foundry, fine-tuning guide, 2026-10"
LORA = "Schulman et al. 2025, TRL “LoRA Without Regret”"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one source says where others say otherwise."""

    source: str
    value: Value


@dataclass(frozen=True, slots=True)
class Choice:
    """One value for a setting, the range in which it is found elsewhere (None: as the value), and why."""

    value: Value
    reason: Text
    source: str
    low: float | None = None
    high: float | None = None
    confidence: Confidence = "medium"
    others: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """The choices for fewer than `below` training rows; None: for any number."""

    below: int | None
    choices: Mapping[str, Choice]


_RATES = (
    Opinion("Axolotl's examples (153 of about 230)", 2e-4),
    Opinion("Unsloth's guide, to begin with", 2e-4),
    Opinion("H2O LLM Studio", 1e-4),
    Opinion("LLaMA-Factory", 5e-5),
)
_FEW = Text("So few rows are learnt in a few hundred exposures; more passes are learnt by heart.")
_SOME = Text("Up to 3 passes are the usual amount for an adapter.")
_MANY = Text("With thousands of rows each further pass adds little and costs as much again.")
_RATE = Text("An adapter bears about ten times the rate of full tuning; most published recipes begin here.")
_RATE_LARGE = Text("With many updates a smaller rate gets as far and swings less.")
_SMALL_BATCH = Text("A small batch gives more updates from few rows.")
_BATCH = Text("Adapters learn worse in large batches; below 32 the size hardly matters.")
_RANK = Text("A rank of {rank} holds more than so many rows can teach; more helps only when the data exceeds it.")
_ALPHA = Text("Twice the rank, as is usual: the adapter then counts {scale} times, whatever its rank.", scale=2)
_DROPOUT = Text("A little noise keeps few rows from being learnt by heart.")
_NO_DROPOUT = Text("With so many rows nothing is learnt by heart, so nothing has to be left out.")
_WARM = Text("The rate rises over the first tenth, so that the first few batches do not decide the run.")
_WARM_LARGE = Text("With thousands of updates a short rise is long enough.")


def _band(
    below: int | None,
    *,
    epochs: Choice,
    batch: tuple[int, int, int],
    rate: Choice,
    rank: tuple[int, int, int],
    dropout: Choice,
    warmup: Choice,
    few: bool = False,
) -> Band:
    value, low, high = rank
    return Band(
        below,
        {
            "epochs": epochs,
            "batch_size": Choice(batch[0], _SMALL_BATCH if few else _BATCH, LORA, batch[1], batch[2]),
            "learning_rate": rate,
            "lora_rank": Choice(value, Text(_RANK.template, rank=value), LORA, low, high),
            "lora_alpha": Choice(2 * value, _ALPHA, "Unsloth's guide, PEFT", low, 2 * high),
            "lora_dropout": dropout,
            "warmup_ratio": warmup,
        },
    )


_WARMUP = Choice(0.1, _WARM, "219 of 225 of Axolotl's examples, Unsloth's guide", 0.05, 0.1)
_DROP = Choice(0.05, _DROPOUT, SYNTHESIS, 0.0, 0.1)
_RATE_OF_MOST = Choice(2e-4, _RATE, "Axolotl's examples, Unsloth's guide", 5e-5, 2e-4, others=_RATES)

GENERAL: tuple[Band, ...] = (
    _band(
        50,
        epochs=Choice(3, _FEW, SYNTHESIS, 2, 5, "low"),
        batch=(4, 4, 8),
        rate=_RATE_OF_MOST,
        rank=(8, 8, 8),
        dropout=_DROP,
        warmup=_WARMUP,
        few=True,
    ),
    _band(
        200,
        epochs=Choice(3, _SOME, "Unsloth's guide", 1, 3),
        batch=(8, 4, 8),
        rate=_RATE_OF_MOST,
        rank=(8, 8, 16),
        dropout=_DROP,
        warmup=_WARMUP,
        few=True,
    ),
    _band(
        1_000,
        epochs=Choice(3, _SOME, "Unsloth's guide", 2, 4),
        batch=(8, 8, 16),
        rate=_RATE_OF_MOST,
        rank=(16, 16, 16),
        dropout=_DROP,
        warmup=_WARMUP,
    ),
    _band(
        10_000,
        epochs=Choice(2, _MANY, "Unsloth's guide", 2, 3),
        batch=(16, 8, 31),
        rate=Choice(1e-4, _RATE_LARGE, SYNTHESIS, 5e-5, 2e-4, others=_RATES),
        rank=(16, 16, 32),
        dropout=Choice(0.05, _DROPOUT, SYNTHESIS, 0.0, 0.05),
        warmup=Choice(0.05, _WARM_LARGE, SYNTHESIS, 0.05, 0.1),
    ),
    _band(
        None,
        epochs=Choice(1, _MANY, "Unsloth's guide", 1, 2),
        batch=(16, 16, 31),
        rate=Choice(1e-4, _RATE_LARGE, SYNTHESIS, 5e-5, 2e-4, others=_RATES),
        rank=(32, 32, 64),
        dropout=Choice(0.0, _NO_DROPOUT, SYNTHESIS, 0.0, 0.05),
        warmup=Choice(0.03, _WARM_LARGE, SYNTHESIS, 0.03, 0.1),
    ),
)


def _ark(below: int | None, epochs: Choice, batch: Choice, rate: Choice, warmup: Choice, rank: Choice) -> Band:
    alpha = Choice(
        8,
        Text("From the default 4: the adapter counts alpha / √rank here, so at rank 32 it goes from 0.71 to 1.41."),
        ARK_CASE,
    )
    return Band(
        below,
        {
            "epochs": epochs,
            "batch_size": batch,
            "learning_rate": rate,
            "warmup_ratio": warmup,
            "lora_rank": rank,
            "lora_alpha": alpha,
            "save_model_per_epoch": Choice(
                "1", Text("Each epoch leaves a model, so the best one can be chosen afterwards."), ARK_CASE
            ),
            "dyn_bsz": Choice(
                "true", Text("Short examples share a sequence, so nothing is spent on padding."), ARK_CASE
            ),
        },
    )


_ARK_RANK = Choice(32, Text("Ark offers 32 and 64 only; the smaller one is enough for a matter of format."), ARK_CASE)
_ARK_WARM = Choice(0.1, Text("From the default 0.05: with few updates the first ones weigh more."), ARK_CASE)
_ARK_FAR = Text("No run of this size is published; between the published one of 42 samples and Ark's defaults.")
_ARK_DEFAULT = Text("Ark's own default: a large set does not need what 42 samples needed.")

ARK: tuple[Band, ...] = (
    _ark(
        50,
        Choice(
            3, Text("From the default 1: one pass over so few rows is over before anything is learnt."), ARK_CASE, 2, 3
        ),
        Choice(4, Text("From the default 8: it doubles the updates; 8 is the alternative."), ARK_CASE, 4, 8),
        Choice(5e-5, Text("From the default 1e-5; go back to 3e-5 if the loss swings."), ARK_CASE, 3e-5, 5e-5),
        _ARK_WARM,
        _ARK_RANK,
    ),
    _ark(
        1_000,
        Choice(3, _ARK_FAR, SYNTHESIS, 1, 3, "low"),
        Choice(8, Text("Ark's default; from here on it gives enough updates."), ARK_DOCS, 4, 8),
        Choice(5e-5, _ARK_FAR, SYNTHESIS, 1e-5, 5e-5, "low"),
        _ARK_WARM,
        _ARK_RANK,
    ),
    _ark(
        None,
        Choice(1, _ARK_DEFAULT, ARK_DOCS, 1, 2, "low"),
        Choice(8, _ARK_DEFAULT, ARK_DOCS, 8, 16, "low"),
        Choice(1e-5, _ARK_DEFAULT, ARK_DOCS, 1e-5, 5e-5, "low"),
        Choice(0.05, _ARK_DEFAULT, ARK_DOCS, 0.05, 0.1, "low"),
        _ARK_RANK,
    ),
)

_STANDARD = Text("The platform's standard preset; the range is that of its three presets.")

SILICONFLOW: tuple[Band, ...] = (
    Band(
        None,
        {
            "learning_rate": Choice(1e-4, _STANDARD, PRESETS, confidence="high"),
            "epochs": Choice(3, _STANDARD, PRESETS, 2, 5, "high"),
            "batch_size": Choice(8, _STANDARD, PRESETS, 8, 16, "high"),
            "lora_rank": Choice(8, _STANDARD, PRESETS, 4, 16, "high"),
            "lora_alpha": Choice(
                32, Text("The platform's standard preset; all three count alpha / rank = 4."), PRESETS, 16, 64, "high"
            ),
            "lora_dropout": Choice(0.05, _STANDARD, PRESETS, 0.05, 0.1, "high"),
        },
    ),
)

_QWEN_SETTINGS: Mapping[str, Choice] = {
    "learning_rate": Choice(1e-4, Text("The provider's advice for an adapter."), DASHSCOPE, 5e-5, 2e-4, "high"),
    "lora_rank": Choice(64, Text("The provider advises 64, its default being 8."), DASHSCOPE, 8, 64, "high"),
    "lora_alpha": Choice(32, Text("The provider's default; newer models begin with 16."), DASHSCOPE, 16, 32, "high"),
    "lora_dropout": Choice(0.1, Text("The provider's default."), DASHSCOPE, 0.05, 0.1, "high"),
    "warmup_ratio": Choice(0.05, Text("The provider's default."), DASHSCOPE, 0.05, 0.1, "high"),
    "checkpoints": Choice(10, Text("The provider advises to keep 10, to choose among them."), DASHSCOPE, 1, 10, "high"),
}
_QWEN_FEW = Text("The provider advises 3 to 5 below 10,000 rows.")
_QWEN_MANY = Text("The provider advises 1 or 2 from 10,000 rows on.")

_QWEN_SMALL = Text("The smallest that the provider takes: more updates from few rows.")
_QWEN_BATCH = Text("The provider's default.")


def _qwen(below: int | None, epochs: Choice, batch: Choice) -> Band:
    return Band(below, {**_QWEN_SETTINGS, "epochs": epochs, "batch_size": batch})


_QWEN_EPOCHS = Choice(3, _QWEN_FEW, DASHSCOPE, 3, 5, "high")
QWEN: tuple[Band, ...] = (
    _qwen(200, _QWEN_EPOCHS, Choice(8, _QWEN_SMALL, DASHSCOPE, 8, 16)),
    _qwen(10_000, _QWEN_EPOCHS, Choice(16, _QWEN_BATCH, DASHSCOPE, 8, 32, "high")),
    _qwen(
        None,
        Choice(2, _QWEN_MANY, DASHSCOPE, 1, 2, "high"),
        Choice(16, _QWEN_BATCH, DASHSCOPE, 16, 32, "high"),
    ),
)

# Provider → its own table, over the general one. A provider that is missing has none.
PROFILES: Mapping[str, tuple[Band, ...]] = {"ark": ARK, "siliconflow": SILICONFLOW, "dashscope": QWEN}
# Provider → the range in which its multiplier is advised; elsewhere nobody says.
MULTIPLIERS: Mapping[str, Choice] = {
    "azure": Choice(
        "auto", Text("The provider chooses it; to set it, it advises 0.02 to 0.2."), AZURE, 0.02, 0.2, "high"
    ),
}
