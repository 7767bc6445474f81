"""How an answer came: by the contract, as JSON, by the schema, whole."""

from __future__ import annotations

from datasets_app.core import json_answers
from datasets_app.core.contracts.model import Contract
from datasets_app.core.samples import Message, ToolCall
from ftstudio.errors import Text
from jobs_app.core.pooling import Ratio, Statistic
from jobs_app.core.replies import FENCED, STRICT

from .base import Answered, Example, Scorer

_CITY = {"json": {"schema": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}}
_FENCE = '```json\n{"city": "北京"}\n```'
_CALL = Message("assistant", None, tool_calls=(ToolCall("task_response", '{"city": "北京"}'),))
CUT = ("length", "max_tokens", "max_output_tokens")  # what providers call an answer that was cut off


class Compliance(Scorer):
    name = "compliance"
    label = Text("Keeps the contract")
    help = Text(
        "No rule of the contract finds an error in the answer as it stands: the same rules that grade training "
        "samples. A fence around JSON or a label breaks it."
    )
    good = (Example('{"city": "北京"}', contract=_CITY), Example(_CALL, contract=_CITY), Example("Rain."))
    bad = (Example(_FENCE, contract=_CITY), Example("{}", contract=_CITY), Example(""))

    def score(self, answered: Answered) -> float | None:
        return float(answered.verdict == "passed")


class Unfenced(Scorer):
    name = "compliance-unfenced"
    label = Text("Keeps the contract once a fence is taken off")
    help = Text(
        "What a service that takes fences off could use. Shown beside the contract, never added to it: who reads "
        "strictly gets nothing from these answers."
    )
    good = (Example(_FENCE, contract=_CITY), Example('{"city": "北京"}', contract=_CITY))
    bad = (Example("```\n{}\n```", contract=_CITY), Example("北京", contract=_CITY))

    def applies(self, contract: Contract) -> bool:
        return contract.json is not None or contract.labels is not None

    def score(self, answered: Answered) -> float | None:
        return float(answered.verdict in ("passed", "fenced"))


class _OfJson(Scorer):
    def applies(self, contract: Contract) -> bool:
        return contract.json is not None


class JsonValid(_OfJson):
    name = "json-valid"
    label = Text("Is JSON as it stands")
    help = Text("A strict reader can read it: no fence, no word before or after, no key twice, no NaN.")
    good = (Example('{"city": 1}', contract=_CITY), Example(_CALL, contract=_CITY))
    bad = (Example(_FENCE, contract=_CITY), Example('{"city": 1,}', contract=_CITY))

    def score(self, answered: Answered) -> float | None:
        return float(answered.came_as in STRICT)


class JsonUnfenced(_OfJson):
    name = "json-unfenced"
    label = Text("Is JSON once a fence is taken off")
    help = Text("Readable bare or inside one Markdown fence. Nothing else is repaired, and a cut answer stays lost.")
    good = (Example(_FENCE, contract=_CITY), Example('{"city": 1}', contract=_CITY))
    bad = (Example('Here: {"city": 1}', contract=_CITY),)

    def score(self, answered: Answered) -> float | None:
        return float(answered.came_as in (*STRICT, FENCED))


class SchemaCompliance(_OfJson):
    name = "schema-compliance"
    label = Text("Follows the schema")
    help = Text("JSON as it stands that the contract's schema accepts: Draft 2020-12, formats included.")
    good = (Example('{"city": "北京"}', contract=_CITY),)
    bad = (Example('{"city": 1}', contract=_CITY), Example(_FENCE, contract=_CITY))

    def score(self, answered: Answered) -> float | None:
        rules = answered.contract.json
        if rules is None:
            return None
        return float(answered.came_as in STRICT and bool(rules.validator.is_valid(answered.value)))


class RequiredLeaves(_OfJson):
    name = "required-leaves"
    label = Text("Required leaves filled")
    help = Text(
        "Of the values that the schema demands, in every entry of every list, the share that is there and not empty. "
        "All leaves of all answers are counted together."
    )
    kind = "share"
    terms = ("filled", "wanted")
    good = (Example('{"city": "北京"}', contract=_CITY),)
    bad = (Example('{"city": null}', contract=_CITY), Example("北京", contract=_CITY))

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0), (0, 1))

    def score(self, answered: Answered) -> float | None:
        parts = self.parts(answered)
        return None if parts is None else parts[0] / parts[1]

    def parts(self, answered: Answered) -> tuple[float, float] | None:
        rules = answered.contract.json
        if rules is None:
            return None
        found = json_answers.completeness(answered.value, rules.schema)
        whole = len(found.filled) + len(found.missing)
        return (len(found.filled), whole) if whole else None


class Truncated(Scorer):
    name = "truncated"
    label = Text("Cut off at the limit")
    help = Text("The provider says that the answer ended at the limit of tokens. It is never repaired.")
    better = "lower"
    good = (Example("Rain."),)
    bad = (Example("Ra", finish_reason="length"),)

    def score(self, answered: Answered) -> float | None:
        return float(answered.finish_reason in CUT) if answered.finish_reason else None


SCORER = (Compliance(), Unfenced(), JsonValid(), JsonUnfenced(), SchemaCompliance(), RequiredLeaves(), Truncated())
