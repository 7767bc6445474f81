"""A sample that comes back from a model: what it says next, once the model's answer stands beside its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from datasets_app.core import duplicates
from datasets_app.core.codecs._pairs import parted
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

OTHER_QUESTION = Text("It asks something else since it was frozen.")
OTHER_ANSWER = Text("Its answer was edited since it was frozen: the model's would replace what a person wrote.")
SAME = Text("Both answers are the same.")


@dataclass(frozen=True, slots=True)
class Returned:
    """One sample, the revision (its key) that the model was asked, and what it answered.

    `wrong` is the worse answer; None: there is none to show, and a person looks at the sample's own. `better` takes
    the place of the sample's answer. `tags` say what is wrong.
    """

    sample: int
    revision: int
    wrong: Message | None = None
    better: Message | None = None
    tags: tuple[str, ...] = ()


def following(now: Sample, before: Sample, one: Returned, *, pair: bool = False) -> Sample | Text:
    """What the sample says next: `now` with the model's answer as the rejected one. Or why that makes no sense.

    `before` is what the model was asked. An answer that a person has edited since is kept, unless it would have to give
    way. Where the model said what the sample says, the sample's own answer breaks the rules: it has no pair then.
    """
    if duplicates.question_fingerprint(now) != duplicates.question_fingerprint(before):
        return OTHER_QUESTION
    edited = duplicates.answer_fingerprint(now) != duplicates.answer_fingerprint(before)
    prompt, answer = parted(now)
    if one.better is not None:
        if edited:
            return OTHER_ANSWER
        answer = (*answer[:-1], one.better)
    wrong = () if one.wrong is None else (*answer[:-1], one.wrong)
    if wrong and answer and _said(wrong[-1]) == _said(answer[-1]):
        if pair or edited:
            return SAME
        wrong = ()
    return replace(now, messages=(*prompt, *answer), rejected=wrong)


def _said(message: Message) -> tuple[str, tuple[tuple[str, str], ...]]:
    return message.text.strip(), tuple((call.name, call.arguments) for call in message.tool_calls)
