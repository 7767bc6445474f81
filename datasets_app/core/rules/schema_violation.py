"""A JSON answer that breaks its schema."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from datasets_app.core.contracts.model import Contract
from datasets_app.core.contracts.violations import explained, place
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"json": {"schema": {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}}}}
MOST = 20  # findings per sample; a person mends these before looking for more


class SchemaViolation(Rule):
    name = "schema-violation"
    title = Text("Answer breaks the schema")
    help = Text(
        "The answer, read as JSON, must follow the contract's JSON Schema. Formats count; patterns are ECMA-262."
    )
    good = ((chat("Li, 30", '{"age": 30}'), _CONTRACT),)
    bad = ((chat("Li, 30", '{"age": "30"}'), _CONTRACT), (chat("Li, 30", "{}"), _CONTRACT))

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.json is not None

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        rules = context.contract.json
        if answer is None or rules is None:
            return
        value = answer.value
        if answer.error is not None or rules.validator.is_valid(value):
            return
        for error in islice(rules.validator.iter_errors(value), MOST):
            yield self.found(
                Text("{pointer} breaks the schema: {reason}.", pointer=place(error.instance_path),
                     reason=explained(error.kind.name, error.kind.value, error.message)),
                answer.path,
            )  # fmt: skip


RULE = SchemaViolation()
