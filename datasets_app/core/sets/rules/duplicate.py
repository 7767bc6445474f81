"""The same sample twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datasets_app.core.examples import chat
from datasets_app.core.sets.base import Gatherer, Said, SetRule, Setting, together
from ftstudio.errors import Text

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns


def message(first: Text) -> Text:
    """What is said of a sample whose content another one has: `first` says where."""
    return Text("The same content as {first}: keep one of them.", first=first)


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def said(self, columns: Columns) -> Iterator[Said]:
        for index, first in columns.repeats("fingerprint"):
            yield Said(index, message(self._setting.place(columns.at[first])))


class Duplicate(SetRule):
    name = "duplicate"
    title = Text("Same content twice")
    help = Text(
        "All turns, the answer and the rejected answer are those of an earlier sample, apart from white space and full "
        "or half width. A repeated sample weighs more in training and tells the model nothing new."
    )
    good = (together(chat("法国的首都？", "巴黎。"), chat("意大利的首都？", "罗马。")),)
    bad = (together(chat("法国的首都？", "巴黎。"), chat("法国的首都？", "巴黎。 ")),)

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


RULE = Duplicate()
