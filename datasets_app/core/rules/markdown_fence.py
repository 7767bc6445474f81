"""The answer is wrapped in a Markdown fence."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.answers import unfenced
from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"json": {"schema": {"type": "object"}}}


class MarkdownFence(Rule):
    name = "markdown-fence"
    title = Text("Answer is wrapped in a code fence")
    help = Text(
        "Where the answer is data (JSON or a label), it stands bare: a ``` fence around it breaks strict readers."
    )
    good = ((chat("Li, 30", '{"age": 30}'), _CONTRACT), chat("Code?", "```python\nprint()\n```"))
    bad = ((chat("Li, 30", '```json\n{"age": 30}\n```'), _CONTRACT),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.json is not None or contract.labels is not None

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        if answer is None or "```" not in answer.text:
            return
        text = answer.text
        inner = unfenced(text)
        if inner is not text:
            fix = Fix(0, len(text), inner)
            yield self.found(Text("Remove the code fence around the answer."), answer.path, 0, len(text), fix)


RULE = MarkdownFence()
