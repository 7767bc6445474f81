"""One thing on two sides of a split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datasets_app.core.examples import chat
from datasets_app.core.sets.base import Gatherer, Said, SetRule, Setting, together
from ftstudio.errors import Text

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def said(self, columns: Columns) -> Iterator[Said]:
        own = columns.own
        for index, home, exact in columns.leaks():
            place = self._setting.place(columns.at[home])
            yield Said(index, _message(place, exact=exact, other=not own[home]))


def _message(place: Text, *, exact: bool, other: bool) -> Text:
    if other:
        if exact:
            return Text("Asks the same as {first} of the other file: keep it in one of them.", first=place)
        return Text("Nearly the same as {first} of the other file: keep it in one of them.", first=place)
    if exact:
        return Text("Asks the same as {first}, which is on another side of the split: keep one.", first=place)
    return Text("Nearly the same as {first}, which is on another side of the split: keep one.", first=place)


class SplitLeak(SetRule):
    name = "split-leak"
    title = Text("Stands on two sides of the split")
    help = Text(
        "The question, or nearly the whole sample, is also on an earlier side of the split (training before validation "
        "before test), so the evaluation asks what the model was told. Take one of the two out, or freeze the next "
        "snapshot by near duplicates."
    )
    good = (together(chat("法国的首都？", "巴黎。"), chat("意大利的首都？", "罗马。"), sides=("train", "test")),)
    bad = (together(chat("法国的首都？", "巴黎。"), chat("法国的首都？", "是巴黎。"), sides=("train", "test")),)

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


RULE = SplitLeak()
