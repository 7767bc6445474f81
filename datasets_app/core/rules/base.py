"""What every rule is, and what a rule may ask about the sample it looks at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from datasets_app.core import tokens
from datasets_app.core.answers import Answer
from datasets_app.core.base_models import BaseModel
from datasets_app.core.contracts.model import Contract, TextRules
from datasets_app.core.encoders.base import Encoder
from datasets_app.core.findings import Finding, Fix, Severity
from datasets_app.core.jsonl import Json
from datasets_app.core.profiles import Profile
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

# A sample, a sample under a contract file, or that with more of what makes a checker (profile, base_model, limit)
Example = Sample | tuple[Sample, Mapping[str, Json]] | tuple[Sample, Mapping[str, Json], Mapping[str, Any]]


class Place:
    """One text that a `TextRules` speaks about: `offset` is where it begins in the text at `path`, if known."""

    __slots__ = ("answer", "offset", "path", "rules", "text")

    def __init__(self, rules: TextRules, answer: Answer, text: str, offset: int | None) -> None:
        self.rules = rules
        self.answer = answer
        self.path = answer.path
        self.text = text
        self.offset = offset


class Context:
    """What rules share while one checker runs: contract, profile, token limit, and the current sample, read once."""

    __slots__ = ("_counted", "_seen", "base_model", "contract", "encoder", "limit", "profile")

    def __init__(
        self,
        contract: Contract,
        profile: Profile,
        encoder: Encoder,
        limit: int | None = None,
        base_model: BaseModel | None = None,
    ) -> None:
        self.contract = contract
        self.profile = profile
        self.encoder = encoder
        self.limit = limit
        self.base_model = base_model
        self._seen: tuple[Sample, Answer | None, list[Place]] | None = None
        self._counted: tuple[Sample, tokens.Counted] | None = None

    def counted(self, sample: Sample) -> tokens.Counted:
        """The sample's tokens, counted once for all who ask."""
        seen = self._counted
        if seen is None or seen[0] is not sample:
            seen = self._counted = (sample, tokens.count(sample, self.encoder))
        return seen[1]

    def answer(self, sample: Sample) -> Answer | None:
        """The final assistant turn with a text (or task_response arguments) in it, or None."""
        seen = self._seen
        return (seen if seen is not None and seen[0] is sample else self._look(sample))[1]

    def places(self, sample: Sample) -> list[Place]:
        """Every text that the contract's text rules speak about, in their order."""
        seen = self._seen
        return (seen if seen is not None and seen[0] is sample else self._look(sample))[2]

    def _look(self, sample: Sample) -> tuple[Sample, Answer | None, list[Place]]:
        answer: Answer | None = None
        if sample.messages and sample.messages[-1].role == "assistant":
            answer = Answer(sample, self.contract)
            if not answer.text or answer.text.isspace():
                answer = None
        places: list[Place] = []
        if answer is not None:
            for rules in self.contract.text:
                places.extend(_places(rules, answer))
        seen = self._seen = (sample, answer, places)  # one assignment, so threads may share a checker
        return seen


def _places(rules: TextRules, answer: Answer) -> Iterator[Place]:
    if not rules.at:
        yield Place(rules, answer, answer.text, 0)
        return
    value = answer.value
    for part in rules.at[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return
    if isinstance(value, str):
        # Only a text that stands unescaped, and once, can be pointed at in the JSON around it.
        once = value and answer.text.count(f'"{value}"') == 1
        yield Place(rules, answer, value, answer.text.index(f'"{value}"') + 1 if once else None)


class Rule(ABC):
    """One rule. A module of this package holds one (or a tuple of them) as `RULE`.

    `title` is a short label for lists, `help` says what the rule catches and why; `good` and `bad` are its tests
    and the “what this catches” box: a good example yields no finding of the rule, a bad one at least one.
    `version` grows when the rule's verdicts change.

    Most samples are plain chats, so a rule may say when it has nothing to look at: `needs` are the `core.traits`
    of which a sample must have one (0: it looks at every sample), and `by_roles` says that a sequence of roles, none
    of them empty, decides alone whether the rule finds anything.
    """

    name: str
    severity: ClassVar[Severity] = "error"
    title: ClassVar[Text]
    help: ClassVar[Text]
    good: ClassVar[tuple[Example, ...]] = ()
    bad: ClassVar[tuple[Example, ...]] = ()
    version: ClassVar[int] = 1
    needs: ClassVar[int] = 0
    by_roles: ClassVar[bool] = False

    def applies(self, contract: Contract, profile: Profile) -> bool:
        """Whether the rule has anything to say under this contract and profile; asked once per checker."""
        return True

    def active(self, context: Context) -> bool:
        """The same, for a rule that must know more than contract and profile (the token limit)."""
        return self.applies(context.contract, context.profile)

    @abstractmethod
    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        """What is wrong, in the order of the sample."""

    def found(
        self, message: Text, path: str = "", start: int | None = None, end: int | None = None, fix: Fix | None = None
    ) -> Finding:
        return Finding(self.name, self.severity, message, path, start, end, fix)

    def found_at(
        self,
        place: Place,
        message: Text,
        start: int | None = None,
        end: int | None = None,
        replacement: str | None = None,
        span: tuple[int, int] | None = None,
    ) -> Finding:
        """A finding inside a place: offsets are moved into the text at the place's path, or dropped.

        `replacement` fixes `span`, which is `start`–`end` unless given.
        """
        if place.rules.at:
            message = Text("{pointer}: {requirement}", pointer=place.rules.at, requirement=message)
        if place.offset is None or start is None or end is None:
            return self.found(message, place.path)
        begin, stop = span or (start, end)
        fix = None
        if replacement is not None and not (place.rules.at and ('"' in replacement or "\\" in replacement)):
            fix = Fix(begin + place.offset, stop + place.offset, replacement)
        return self.found(message, place.path, start + place.offset, end + place.offset, fix)


def example_parts(example: Example) -> tuple[Sample, Mapping[str, Json], Mapping[str, Any]]:
    """An example as sample, contract file, and the other arguments of a checker."""
    if isinstance(example, Sample):
        return example, {}, {}
    sample, data, *rest = example
    return sample, data, rest[0] if rest else {}


def content_path(at: int) -> str:
    return f"/messages/{at}/content"


def calls_something(message: Message) -> bool:
    """Whether the turn stands for an action instead of a text: a tool call, the older function call, a refusal."""
    return bool(message.tool_calls) or any(message.extras.get(key) for key in ("function_call", "refusal", "audio"))
