"""One question, two answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datasets_app.core.examples import chat
from datasets_app.core.sets.base import Gatherer, Said, SetRule, Setting, together
from ftstudio.errors import Text

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns


def message(first: Text) -> Text:
    """What is said of a sample that answers otherwise than another one: `first` says where that stands."""
    return Text("The same question as {first}, answered otherwise: settle on one answer.", first=first)


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def said(self, columns: Columns) -> Iterator[Said]:
        for index, first in columns.contradictions():
            yield Said(index, message(self._setting.place(columns.at[first])))


class ConflictingAnswer(SetRule):
    name = "conflicting-answer"
    title = Text("Same question answered otherwise")
    help = Text(
        "Everything before the answer, the system prompt included, is what an earlier sample has too, and the answer "
        "is another one. A model that is shown both learns neither."
    )
    good = (together(chat("明天下雨吗？", "会下雨。"), chat("后天下雨吗？", "不会下雨。")),)
    bad = (together(chat("明天下雨吗？", "会下雨。"), chat("明天下雨吗？", "不会下雨。")),)

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


RULE = ConflictingAnswer()
