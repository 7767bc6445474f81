"""The flowchart of the strategy advisor, as data: seven decisions, one step, seven ends. `advisor` walks it.

From the talk that capabilities.md calls S4. Its chart had no "no" at "existing ability not good enough?": where the
ability is there and good enough and the target is still missed, the target asks for something else. So: redefine it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ftstudio.errors import Text

Side = Literal["yes", "no"]
START = "prompt-ok"


@dataclass(frozen=True, slots=True)
class Decision:
    """A question with two answers. `yes` and `no` are the stations that they lead to.

    `why` says what hangs on it. `facts` names what measured facts say to it (`advisor_facts.READINGS`).
    `reasons` can be ticked beside the answer `reasons_of` and are kept with it.
    """

    id: str
    short: Text
    question: Text
    help: Text
    why: Text
    facts: str
    yes: str
    no: str
    reasons: Mapping[str, Text]
    reasons_of: Side = "yes"

    def leads_to(self, answer: str) -> str:
        return self.yes if answer == "yes" else self.no


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do before the next question can be asked."""

    id: str
    short: Text
    advice: Text
    then: str


@dataclass(frozen=True, slots=True)
class End:
    """Where a path ends. `strategy` is one of `STRATEGIES`, "" where nothing is built; `option` one of `OPTIONS`."""

    id: str
    short: Text
    advice: Text
    strategy: str
    option: str


STRATEGIES: Mapping[str, Text] = {
    "prompt": Text("Prompt"),
    "sft": Text("Prompt + SFT"),
    "dpo": Text("Prompt + DPO"),
    "sft-dpo": Text("Prompt + SFT + DPO"),
}
# What a team could do instead, in the order in which it costs more.
OPTIONS: Mapping[str, Text] = {
    "prompt": Text("A better prompt, examples in it"),
    "other-model": Text("Another model"),
    "sft": Text("Tuning (SFT, DPO)"),
}
CONSTRAINTS: Mapping[str, tuple[Text, Text]] = {
    "compute": (Text("Compute"), Text("Where may it run and be trained, and what may that cost?")),
    "time": (Text("Time"), Text("When does it have to work, and who has time for the data?")),
    "data_quality": (Text("Data quality"), Text("How sure are you of the answers? Who has checked them?")),
    "governance": (Text("Data governance"), Text("May this data leave the house, for which country and provider?")),
}
TARGET = 95  # percent of answers that keep to the contract, unless the record says otherwise

DECISIONS: Mapping[str, Decision] = {
    decision.id: decision
    for decision in (
        Decision(
            "prompt-ok",
            Text("Prompt alone meets the target?"),
            Text("Does a prompt alone meet the target?"),
            Text("Measure it: the model answers held-out samples, without examples and with a few of them."),
            Text("What a prompt can do needs no training data, no job and no model of your own."),
            "best-prompt",
            "prompt",
            "new-pattern",
            {
                "no-domain-data": Text("The model knows too little of this domain."),
                "too-complex": Text("The task is too complex, or the prompt would have to be too long."),
                "new-pattern": Text("The answers follow a fixed pattern that is new to the model."),
            },
            "no",
        ),
        Decision(
            "new-pattern",
            Text("A new pattern to learn?"),
            Text("Must the model learn a new pattern, or keep one that prompts cannot hold?"),
            Text(
                "A pattern is new when examples in the prompt do not bring it about. A prompt does not hold one that "
                "is kept in some answers and not in others."
            ),
            Text("Tuning teaches patterns. Where the ability is there already, tuning adds cost and no skill."),
            "pattern",
            "enough-data",
            "ability-lacking",
            {
                "unknown-pattern": Text("Nothing the model has seen looks like these answers."),
                "unstable-format": Text("The format comes and goes from answer to answer."),
                "forgotten": Text("In long conversations the model forgets what it was told."),
            },
        ),
        Decision(
            "enough-data",
            Text("Enough good data?"),
            Text("Is there enough good data to show the pattern?"),
            Text(
                "Some fifty consistent samples show a format; a classification wants a thousand and more. Samples that "
                "break the contract do not count."
            ),
            Text("A few right samples teach more than many that contradict each other."),
            "data",
            "sft",
            "collect",
            {},
        ),
        Decision(
            "ability-lacking",
            Text("Ability there, not good enough?"),
            Text("The model can do it. Is what it does not good enough?"),
            Text("It gives right answers, but not often enough, or not in the way that people want them."),
            Text("If it is good enough and the target is still missed, the target asks for something else."),
            "ability",
            "preference",
            "redefine",
            {},
        ),
        Decision(
            "preference",
            Text("A matter of preference?"),
            Text("Is it a matter of preference: could people choose the better one of two answers?"),
            Text("Tone, length, caution: right answers of which some are liked better. What a rule can check is none."),
            Text("DPO learns from pairs, a better answer beside a worse one. Without such pairs a prompt is the way."),
            "pairs",
            "dpo",
            "better-prompt",
            {},
        ),
        Decision(
            "target-met",
            Text("Tuned model meets the target?"),
            Text("Does the tuned model meet the target?"),
            Text("Measure it on the same held-out samples, called in the way it was trained."),
            Text("A low training loss is not the target."),
            "tuned",
            "deploy",
            "preference-after-sft",
            {},
        ),
        Decision(
            "preference-after-sft",
            Text("The rest is preference?"),
            Text("Is what is left a matter of preference?"),
            Text("The tuned model keeps the pattern, and people still like some of its answers less than others."),
            Text("A pattern that is still missed needs other data or another task, not preferences."),
            "pairs-after-sft",
            "sft-dpo",
            "redefine",
            {},
        ),
    )
}
STEPS: Mapping[str, Step] = {
    "sft": Step(
        "sft",
        Text("SFT"),
        Text("Tune on the samples (SFT), then measure the tuned model on the same held-out samples."),
        "target-met",
    )
}
ENDS: Mapping[str, End] = {
    end.id: end
    for end in (
        End(
            "prompt",
            Text("Keep the prompt"),
            Text("Use the prompt as it is. Nothing has to be trained."),
            "prompt",
            "prompt",
        ),
        End(
            "better-prompt",
            Text("Improve the prompt"),
            Text("Work on the prompt: clearer rules, better examples. The ability is there."),
            "prompt",
            "prompt",
        ),
        End(
            "collect",
            Text("Collect data, or few-shot"),
            Text("Collect more good samples; until then show a few of them in the prompt."),
            "prompt",
            "prompt",
        ),
        End(
            "dpo",
            Text("DPO"),
            Text("Tune with preferences (DPO): pairs of a better and a worse answer."),
            "dpo",
            "sft",
        ),
        End("deploy", Text("Deploy"), Text("Put the tuned model to use, and keep measuring it."), "sft", "sft"),
        End(
            "sft-dpo",
            Text("Add DPO"),
            Text("Go on from the tuned model with preferences (DPO)."),
            "sft-dpo",
            "sft",
        ),
        End(
            "redefine",
            Text("Redefine the task"),
            Text("Neither a prompt nor tuning gets there. Change the task: split it, narrow it, or move the target."),
            "",
            "",
        ),
    )
}
