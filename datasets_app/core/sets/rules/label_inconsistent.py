"""One label, several spellings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from datasets_app.core.examples import chat
from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import SHOWN, Gatherer, Said, SetRule, Setting, together
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.numbers import Numbers
from datasets_app.core.sets.shapes import looks_like_json
from datasets_app.core.sets.spellings import Spellings, may_be_label
from ftstudio.errors import Text

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

_REPEATED = 2  # without a closed set, an answer that comes this often is taken for a label


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        labels = setting.contract.labels
        self._wanted = labels.values if labels else ()
        self._least = 1 if labels else _REPEATED
        self._spellings = Spellings()
        self._first = 0  # the index of the first sample that is no other file's
        self._written = Numbers("q")  # from there per sample the hash of its answer, 0 where that cannot be a label

    def note(self, member: Member) -> str | None:
        """The answer, if it can be a label."""
        answer = member.answer
        return answer.text if answer and may_be_label(answer.text) and not looks_like_json(answer) else None

    def take(self, index: int, noted: str | None) -> None:
        if not self._written:
            self._first = index
        is_label = noted is not None and self._spellings.add(noted)
        self._written.append(hash(noted) if is_label else 0)  # salted: never leaves the process

    def _common(self, label: str) -> tuple[str, int]:
        counts = self._spellings.seen[label]
        exact = next((text for text in counts if text in self._wanted), None)
        return (exact, counts[exact]) if exact is not None else self._spellings.common(label)

    def _mixed(self) -> Iterator[tuple[str, str, int]]:
        """(label, its usual spelling, how often that came) for labels in more than one spelling."""
        for label, counts in self._spellings.seen.items():
            if len(counts) > 1:
                text, n = self._common(label)
                if n >= self._least:
                    yield label, text, n

    def said(self, columns: Columns) -> Iterator[Said]:
        rare = {
            hash(text): (text, common, n)
            for label, common, n in self._mixed()
            for text in self._spellings.seen[label]
            if text != common and text not in self._wanted
        }
        if not rare:
            return
        own = columns.own
        for index, written in enumerate(self._written, start=self._first):
            if written in rare and own[index]:
                text, common, n = rare[written]
                yield Said(
                    index,
                    Text("“{label}” here, “{common}” {n} times: write it in one way.", label=text, common=common, n=n),
                )

    def report(self, columns: Columns) -> Json:
        """Each label that is written in several ways, with how often each of them came; the usual one first."""
        groups: list[dict[str, Any]] = []
        for label, common, n in self._mixed():
            others = sorted(self._spellings.seen[label].items(), key=lambda item: (-item[1], item[0]))
            rest = [{"text": text, "n": count} for text, count in others if text != common and text not in self._wanted]
            if not rest:
                continue  # the contract tells them apart
            groups.append({"label": common, "n": n, "others": rest[:SHOWN]})
        return sorted(groups, key=lambda group: (-group["n"], group["label"]))[:SHOWN]


class LabelInconsistent(SetRule):
    name = "label-inconsistent"
    title = Text("Label in another spelling")
    help = Text(
        "Short answers that differ only in punctuation, full or half width, case, white space, or traditional and "
        "simplified characters are one label; signs and numbers count (C#, A+, −1, 3.5). The "
        "rarer spellings are reported, with how often the usual one came: “会下雨。” 3 times beside “会下雨” 180 times "
        "teaches a model to guess about the full stop."
    )
    good = (together(chat("周一？", "会下雨"), chat("周二？", "会下雨"), chat("周三？", "不会下雨")),)
    bad = (together(chat("周一？", "会下雨"), chat("周二？", "会下雨"), chat("周三？", "会下雨。")),)

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


RULE = LabelInconsistent()
