"""The answer of a sample: its text, where it stands, what it was asked, and what it says as JSON."""

from __future__ import annotations

from datasets_app.core.contracts.model import Contract
from datasets_app.core.jsonl import Json, LineError, parse_value
from datasets_app.core.normalisers import NORMALISERS
from datasets_app.core.samples import Sample

TASK_RESPONSE = "task_response"
_UNREAD = object()


class Answer:
    """The answer of one sample: its text, where it stands, and what it was asked (`source`)."""

    __slots__ = ("_value", "error", "path", "source", "text")

    def __init__(self, sample: Sample, contract: Contract) -> None:
        at = len(sample.messages) - 1
        message = sample.messages[at]
        self.path = f"/messages/{at}/content"
        self.text = message.text
        question = sample.question
        self.source = question.text if question else ""
        self._value: Json = _UNREAD
        self.error: LineError | None = None
        if contract.json and message.tool_calls:
            for index, call in enumerate(message.tool_calls):
                if call.name == TASK_RESPONSE:
                    self.path = f"/messages/{at}/tool_calls/{index}/arguments"
                    self.text = call.arguments

    def normalised(self, contract: Contract) -> str:
        """The answer's text after the contract's normalisers."""
        text = self.text
        for name in contract.normalisers:
            text = NORMALISERS[name].apply(text, contract=contract, source=self.source)
        return text

    @property
    def value(self) -> Json:
        """The answer read as JSON, inside a Markdown fence or bare; None with `error` set when it is none."""
        if self._value is _UNREAD:
            self._value = None
            try:
                self._value = parse_value(unfenced(self.text).encode("utf-8", "surrogatepass"))
            except LineError as error:
                self.error = error
        return self._value


def unfenced(text: str) -> str:
    """What stands inside the Markdown fence that wraps the whole text, or the text itself."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```") and "\n" in stripped:
        inner = stripped[stripped.index("\n") + 1 : -3]
        if "```" not in inner:
            return inner.strip()
    return text
