"""What the columns of a table are called, in English and Chinese, and which of them make a sample together."""

from __future__ import annotations

import re
from collections.abc import Iterable

FIELDS = (
    "messages", "system", "instruction", "input", "user", "assistant", "rejected", "reasoning", "label", "tags",
)  # fmt: skip

# Of each field, the names a column may have, the plainest first; compared without case, spaces, - and _.
_NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation", "对话", "消息", "多轮对话"),
    "system": ("system", "system prompt", "系统", "系统提示", "系统提示词", "系统指令", "人设"),
    "instruction": ("instruction", "指令", "任务", "任务指令", "要求"),
    "input": ("input", "输入", "原文", "源文本", "上下文"),
    "user": ("user", "prompt", "question", "query", "human", "user prompt", "问题", "提问", "用户", "用户输入", "问"),
    "assistant": (
        "assistant", "output", "completion", "chosen", "answer", "response", "corrected", "target", "correction", "gpt",
        "输出", "答案", "回答", "回复", "助手", "纠正", "修正", "改正", "正确答案", "正确回答", "修正回答", "纠正后",
        "标准答案", "标准回答", "参考答案", "参考回答", "译文", "答",
    ),
    "rejected": (
        "rejected", "original answer", "wrong answer", "wrong", "incorrect", "erroneous", "bad answer",
        "原回答", "原答案", "错误", "错误答案",
        "错误回答", "拒绝", "劣质回答", "纠正前",
    ),
    "reasoning": ("reasoning", "reasoning content", "chain of thought", "thinking", "cot", "思考", "思考过程", "推理"),
    "label": ("label", "标签", "类别", "分类", "category", "class", "标注"),
    "tags": ("tags", "tag", "标记"),
}  # fmt: skip
_PLAIN = re.compile(r"[\s_-]+")


def plain(column: str) -> str:
    """A column's name as it is compared."""
    return _PLAIN.sub("", column).casefold()


_KNOWN: dict[str, tuple[str, int]] = {
    plain(name): (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names)
}


def guess(columns: Iterable[str]) -> dict[str, str] | None:
    """Field → column, each column once; None when the columns hold no question with an answer and no messages.

    Of two columns with names for one field the plainer name is taken. A label column is the answer when there is no
    other; an `input` is the question when there is neither an instruction nor a question. None also for a wrong answer
    without a right one, where another column seems to be the right one: read so, every row would lack its answer.
    """
    columns = tuple(columns)
    found = _whole((column, *_KNOWN.get(plain(column), ("", 0))) for column in columns)
    if found and not found.keys() & {"assistant", "messages"} and "assistant" in (suggest(columns) or {}):
        return None
    return found


def suggest(columns: Iterable[str]) -> dict[str, str] | None:
    """As `guess`, but a name inside a heading counts too, as “标准回复” holds “回复”: for a person to check."""
    return _whole((column, *_inside(plain(column))) for column in columns)


def _inside(heading: str) -> tuple[str, int]:
    """The field with the longest name inside the heading, and how many of its characters are left over."""
    held = [name for name in _KNOWN if name in heading and (len(name) > 3 or not name.isascii())]
    longest = max(held, key=lambda name: (len(name), _KNOWN[name][0] == "rejected"), default="")  # “错误回复” is wrong
    return (_KNOWN[longest][0], len(heading) - len(longest)) if longest else ("", 0)


def _whole(named: Iterable[tuple[str, str, int]]) -> dict[str, str] | None:
    """Field → column out of (column, field or "", rank), the lowest rank winning; None when it makes no sample."""
    best: dict[str, tuple[int, str]] = {}
    for column, field, rank in named:
        if field and (field not in best or rank < best[field][0]):
            best[field] = rank, column
    found = {field: best[field][1] for field in FIELDS if field in best}
    if "messages" in found:
        return {field: found[field] for field in ("messages", "rejected", "label", "tags") if field in found}
    if "assistant" not in found and "rejected" not in found and "label" in found:
        found["assistant"] = found.pop("label")
    asked = "instruction" in found or "user" in found or "input" in found
    if not asked or ("assistant" not in found and "rejected" not in found):
        return None
    if "user" in found and "instruction" not in found and "input" in found:
        del found["input"]  # a question beside an input: the input rides along as a column of its own
    elif "user" in found and "instruction" in found:
        del found["user"]
    return found
