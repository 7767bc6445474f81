"""A weight that is no share of the loss, or on a turn that is not trained."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import EXTRAS, WEIGHTS
from ftstudio.errors import Text


class WeightInvalid(Rule):
    name = "weight-invalid"
    needs = WEIGHTS | EXTRAS
    title = Text("Invalid weight")
    help = Text(
        "The weight of a turn is 0 (not trained) to 1, on assistant turns only. Several providers take 0 or 1 alone."
    )
    good = (Sample((Message("user", "France?"), Message("assistant", "Paris", weight=1))),)
    bad = (
        Sample((Message("user", "France?"), Message("assistant", "Paris", weight=2))),
        Sample((Message("user", "France?", weight=0), Message("assistant", "Paris"))),
        Sample((Message("user", "France?"), Message("assistant", "Paris", extras={"weight": "high"}))),
    )

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            weight = message.weight
            if weight is None:
                if "weight" in message.extras:
                    yield self.found(Text("The weight must be a number from 0 to 1."), f"/messages/{at}")
                continue
            path = f"/messages/{at}/weight"
            if message.role != "assistant":
                yield self.found(Text("Only assistant turns have a weight: remove it here."), path)
            elif not 0 <= weight <= 1:
                yield self.found(Text("The weight must be from 0 to 1, not {weight}.", weight=weight), path)
            elif context.profile.binary_weights and weight not in (0, 1):
                yield self.found(
                    Text("This provider takes the weights 0 and 1 only, not {weight}.", weight=weight), path
                )


RULE = WeightInvalid()
