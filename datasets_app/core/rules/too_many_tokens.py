"""A sample longer than the trainer reads."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core import tokens
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule, content_path
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_LIMIT = {"limit": 12}
_LONG = "Paris, which is the capital of France, lies on the Seine, and it is much visited."


class TooManyTokens(Rule):
    name = "too-many-tokens"
    severity = "warning"
    title = Text("More tokens than are trained")
    help = Text(
        "Trainers cut or drop a sample that has more tokens than the base model or the provider takes. What is lost "
        "is the end, and with it the answer. The limit is that of the dataset's base model and rule profile."
    )
    good = ((chat("France?", "Paris"), {}, _LIMIT), chat("France?", _LONG))
    bad = ((chat("France?", _LONG), {}, _LIMIT),)

    def active(self, context: Context) -> bool:
        return context.limit is not None

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        limit = context.limit
        if limit is None:
            return
        counted = context.counted(sample)
        if counted.total <= limit:
            return
        where = tokens.cut(sample, context.encoder, limit, counted)
        at, start = (where.turn, where.start) if where else (len(sample.messages) - 1, 0)
        said = _EXACT if context.encoder.exact else _ESTIMATED
        yield self.found(
            Text(said.template, count=counted.total, limit=limit, turn=at + 1, at=start),
            content_path(at), start, len(sample.messages[at].text),
        )  # fmt: skip


_EXACT = Text(
    "{count} tokens, and at most {limit} are trained: turn {turn} is cut after character {at}. Shorten or split it."
)
_ESTIMATED = Text(
    "About {count} tokens, and at most {limit} are trained: turn {turn} is cut after about character {at}. "
    "Shorten or split it."
)
RULE = TooManyTokens()
