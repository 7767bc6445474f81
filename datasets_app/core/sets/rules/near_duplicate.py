"""Nearly the same sample twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datasets_app.core.examples import chat
from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import SHOWN, Gatherer, Said, SetRule, Setting, together
from ftstudio.errors import Text

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def said(self, columns: Columns) -> Iterator[Said]:
        for index, first in columns.near():
            place = self._setting.place(columns.at[first])
            yield Said(index, Text("Nearly the same content as {first}: keep the better one.", first=place))

    def report(self, columns: Columns) -> Json:
        """Clusters, how many samples are in them, and the largest: where each begins and how many it has."""
        clusters, samples, largest = columns.cluster_sizes(SHOWN)
        return {
            "clusters": clusters,
            "samples": samples,
            "largest": [{"first": columns.at[first], "n": n} for first, n in largest],
        }


class NearDuplicate(SetRule):
    name = "near-duplicate"
    title = Text("Nearly the same content twice")
    help = Text(
        "Most of the text is that of an earlier sample: at least 70 % of all groups of three characters, with system "
        "turns, punctuation, case and white space left out. Such samples hardly add anything, and on two sides of a "
        "split they flatter the result. They are found together and shown as one cluster."
    )
    good = (
        together(
            chat("请介绍一下北京的天气情况", "北京四季分明，春天多风，秋天凉爽。"),
            chat("请介绍一下上海的小吃", "上海的小吃有生煎、小笼包和葱油拌面。"),
        ),
    )
    bad = (
        together(
            chat("请介绍一下北京的天气情况", "北京四季分明，春天多风，夏天炎热，秋天凉爽，冬天寒冷干燥。"),
            chat("请介绍一下北京的天气情况", "北京四季分明，春天多风，夏天炎热，秋天凉爽，冬天寒冷又干燥！"),
        ),
    )

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


RULE = NearDuplicate()
