"""What is in an answer, field by field against the sample's own."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from datasets_app.core.contracts.model import Contract
from datasets_app.core.jsonl import dump
from datasets_app.core.rules.ungrounded_value import Grounds
from datasets_app.core.strict_json import Json
from ftstudio.errors import Text
from jobs_app.core.fields import Fields, compared, leaves
from jobs_app.core.pooling import F1, Ratio, Statistic
from jobs_app.core.replies import NOTHING, PLAIN

from .base import Answered, Example, Scorer

_ANY = {"json": {"schema": {"type": "object"}}}
_GROUNDED = {"text": {"grounded": ["numbers", "names"]}}
_WANTED = '{"name": "李", "age": 58}'


def fields_of(answered: Answered) -> Fields | None:
    """The answer's fields against the reference's; None where the reference is no JSON."""
    if not answered.comparable:
        return None
    return compared(answered.value, answered.reference_value)


class _OfFields(Scorer):
    """Pooled over leaves: an answer with many fields weighs more than one with few."""

    kind = "share"
    terms: ClassVar[tuple[str, ...]] = ("right", "given", "wanted")
    good = (
        Example('{"age": 58.0, "name": " 李"}', _WANTED, _ANY),
        Example('```json\n{"name": "李", "age": 58}\n```', _WANTED, _ANY),
    )

    def applies(self, contract: Contract) -> bool:
        return contract.json is not None

    def score(self, answered: Answered) -> float | None:
        found = fields_of(answered)
        return None if found is None else self.of_fields(found)

    def of_fields(self, found: Fields) -> float | None:
        return found.f1

    def parts(self, answered: Answered) -> tuple[float, ...] | None:
        found = fields_of(answered)
        return None if found is None else (found.right, found.given, found.wanted)


class FieldF1(_OfFields):
    name = "field-f1"
    label = Text("Field F1, micro")
    help = Text(
        "Leaves that are right, twice, divided by the leaves of the answers and of the references together. A leaf is "
        "right when its path and its value are; lists are matched entry by entry as they agree best. A fence does not "
        "matter here. Cases whose reference is no JSON are left out."
    )
    unit = ""
    bad = (
        Example('{"name": "李", "age": "58"}', _WANTED, _ANY),
        Example('{"name": "李"}', _WANTED, _ANY),
        Example("李", _WANTED, _ANY),
    )

    @property
    def statistic(self) -> Statistic:
        return F1


class FieldPrecision(_OfFields):
    name = "field-precision"
    label = Text("Given fields that are right")
    help = Text("Of the leaves that the answers give, the share that stands in the reference as it is. Low: too much.")
    bad = (Example('{"name": "李", "age": 58, "town": "x"}', _WANTED, _ANY),)

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0, 0), (0, 1, 0))

    def of_fields(self, found: Fields) -> float | None:
        return found.right / found.given if found.given else None


class FieldRecall(_OfFields):
    name = "field-recall"
    label = Text("Wanted fields that are right")
    help = Text("Of the leaves that the references have, the share that the answers give as they are. Low: too little.")
    bad = (Example('{"name": "李"}', _WANTED, _ANY),)

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0, 0), (0, 0, 1))

    def of_fields(self, found: Fields) -> float | None:
        return found.right / found.wanted if found.wanted else None


class Mistyped(_OfFields):
    name = "mistyped-fields"
    label = Text("Fields of the wrong type")
    help = Text(
        "Of the leaves that the answers give, the share that would be right were it not for their type: “58”, 58."
    )
    better = "lower"
    terms = ("mistyped", "given")
    bad = (Example('{"name": "李", "age": "58"}', _WANTED, _ANY),)

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0), (0, 1))

    def of_fields(self, found: Fields) -> float | None:
        return found.mistyped / found.given if found.given else None

    def parts(self, answered: Answered) -> tuple[float, ...] | None:
        found = fields_of(answered)
        return None if found is None else (found.mistyped, found.given)


class ReferenceReadable(Scorer):
    name = "reference-readable"
    label = Text("Reference is JSON")
    help = Text(
        "The sample's own answer can be read. Where it cannot, no field is compared: such a case is left out and not "
        "counted as right or wrong."
    )
    good = (Example("{}", _WANTED, _ANY),)
    bad = (Example(_WANTED, "李, 58", _ANY),)

    def applies(self, contract: Contract) -> bool:
        return contract.json is not None

    def score(self, answered: Answered) -> float | None:
        return float(answered.comparable) if answered.reference_came_as != NOTHING else None


class Ungrounded(Scorer):
    name = "ungrounded-values"
    label = Text("Values without a source")
    help = Text(
        "Of the numbers, dates, Latin names and titles that the answers state, the share that stands nowhere in what "
        "was sent. Of JSON its values are looked at, not its keys. Other words are not judged."
    )
    kind = "share"
    better = "lower"
    terms = ("ungrounded", "stated")
    good = (Example('{"age": 58}', contract=_ANY, question="李，五十八岁"), Example("58", None, _GROUNDED, "58 岁"))
    bad = (
        Example('{"age": 65}', contract=_ANY, question="李，58 岁"),
        Example("《兄弟》", None, _GROUNDED, "《活着》"),
    )

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0), (0, 1))

    def applies(self, contract: Contract) -> bool:
        return contract.json is not None or any(rules.grounded for rules in contract.text)

    def score(self, answered: Answered) -> float | None:
        parts = self.parts(answered)
        return parts[0] / parts[1] if parts and parts[1] else None

    def parts(self, answered: Answered) -> tuple[float, float] | None:
        source = "\n".join(turn.text for turn in answered.turns)
        if answered.contract.json is not None and answered.came_as not in (PLAIN, NOTHING):
            texts = [_written(leaf) for _, leaf in leaves(answered.value) if not isinstance(leaf, bool)]
        else:
            texts = [answered.text]
        grounds = _grounds(source)
        known = [is_known for text in texts for *_, is_known in grounds.stated(text)]
        return known.count(False), len(known)


@lru_cache(maxsize=8)
def _grounds(source: str) -> Grounds:
    return Grounds(source)


def _written(leaf: Json) -> str:
    return leaf if isinstance(leaf, str) else dump(leaf).decode("utf-8", "replace").strip()


SCORER = (FieldF1(), FieldPrecision(), FieldRecall(), Mistyped(), ReferenceReadable(), Ungrounded())
