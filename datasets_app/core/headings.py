"""What the columns of a table are called, in English and Chinese, and which of them make a sample together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

FIELDS = (
    "messages", "system", "instruction", "input", "user", "assistant", "rejected", "reasoning", "label", "tags",
)  # fmt: skip

# Of each field, the names a column may have, the plainest first; compared without case, spaces, - and _.
_NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation", "对话", "消息", "多轮对话"),
    "system": ("system", "system prompt", "系统", "系统提示", "系统提示词", "系统指令", "人设"),
    "instruction": ("instruction", "指令", "任务", "任务指令", "要求"),
    "input": ("input", "输入", "原文", "源文本", "上下文"),
    "user": (
        "user", "prompt", "question", "query", "human", "user prompt", "user message", "问题", "提问", "用户",
        "用户输入", "用户问题", "用户提问", "题目", "问",
    ),
    "assistant": (
        "assistant", "output", "completion", "chosen", "answer", "response", "corrected", "target", "correction", "gpt",
        "输出", "答案", "回答", "回复", "助手", "纠正", "修正", "改正", "正确答案", "正确回答", "修正回答", "纠正后",
        "标准答案", "标准回答", "参考答案", "参考回答", "译文", "答",
        "expected output", "expected answer", "ideal", "good answer", "assistant message", "修正后", "修改后",
        "修改后回答", "修改后答案", "期望输出", "期望回答", "期望回复", "期望答案", "优选回答", "优质回答",
    ),
    "rejected": (
        "rejected", "original answer", "wrong answer", "wrong", "incorrect", "erroneous", "bad answer",
        "原回答", "原答案", "错误", "错误答案",
        "错误回答", "拒绝", "劣质回答", "劣选回答", "纠正前", "修正前", "修改前", "修改前回答", "修改前答案", "负样本",
    ),
    "reasoning": ("reasoning", "reasoning content", "chain of thought", "thinking", "cot", "思考", "思考过程", "推理"),
    "label": ("label", "标签", "类别", "分类", "category", "class", "标注"),
    "tags": ("tags", "tag", "标记"),
}  # fmt: skip
# What a question may be called where no column is called one: the text that is classified, corrected, translated.
_TEXTS = ("text", "sentence", "content", "source", "文本", "句子", "内容", "正文", "原句", "待分类文本")
# Answers that someone has mended: beside one of them a plain answer is the one that was wrong.
_MENDED = frozenset((
    "corrected", "correction", "纠正", "修正", "改正", "修正回答", "纠正后", "修正后", "修改后", "修改后回答",
    "修改后答案",
))  # fmt: skip
# Two answers, the right one first, that tell by each other which they are; by itself neither is taken for anything.
_PAIRS = (
    ("定稿 终稿 修改稿 修订稿 改稿", "初稿 草稿 原稿"),
    ("终版 定版 最终版", "初版 原版"),
    ("更正后", "更正前"), ("改后", "改前"), ("改正后", "改正前"), ("改写后", "改写前"), ("润色后", "润色前"),
    ("优化后", "优化前"), ("校对后", "校对前"), ("纠错后", "纠错前"), ("订正后", "订正前"), ("编辑后", "编辑前"),
    ("优化回答 优化答案", "原始回答 原始答案 原回答 原答案"), ("译后编辑 人工译文 人工翻译", "机翻 机器译文 机器翻译"),
    ("好回答 好答案", "坏回答 坏答案 差回答 差答案"),
    ("人工修改 人工改写 人工修正", "机器回答 模型回答 模型输出 机器输出"),
    ("final revised edited revision final_answer final_version", "draft first_draft draft_answer"),
    ("human_edit post_edit edited_answer", "model_output model_answer machine_translation model_response"),
)  # fmt: skip
# The same where the words may mean something else: for a person to check.
_LIKELY = (
    ("人工回答 人工答案 专家回答 专家答案", "机器回答 机器答案 模型回答 模型答案 ai回答 ai答案"),
    ("新答案 新回答", "旧答案 旧回答"), ("正例 正样本", "负例 负样本"), ("优", "劣"), ("修改结果", "模型输出 机器输出"),
    ("after", "before"), ("positive pos", "negative neg"), ("better", "worse"), ("edited", "original"), ("pe", "mt"),
    ("human_answer expert_answer", "model_answer ai_answer"),
)  # fmt: skip
_NUMBERED = re.compile(r"(^|[\s_-])id$|[a-z]I[dD]$|编号$|序号$")  # no text stands in such a column
_PLAIN = re.compile(r"[\s_-]+")


def plain(column: str) -> str:
    """A column's name as it is compared."""
    return _PLAIN.sub("", column).casefold()


_KNOWN: dict[str, tuple[str, int]] = {
    plain(name): (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names)
}


_RANK_OF_PAIRS = 99  # behind every plain name


def _pairs(columns: tuple[str, ...], pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, int]]:
    """Column → its field and rank, for each two columns of which one is the other mended."""
    by_name = {plain(column): column for column in columns}
    found: dict[str, tuple[str, int]] = {}
    for names in pairs:
        right, wrong = ([by_name[plain(name)] for name in side.split() if plain(name) in by_name] for side in names)
        if right and wrong:
            found |= dict.fromkeys(wrong, ("rejected", _RANK_OF_PAIRS))
            found |= dict.fromkeys(right, ("assistant", _RANK_OF_PAIRS))
    return found


def _named(columns: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """(column, the field that its name says or "", rank)."""
    pairs = _pairs(columns, _PAIRS)
    return [(column, *_KNOWN.get(plain(column), pairs.get(column, ("", 0)))) for column in columns]


def is_known(column: str) -> bool:
    """Whether this is a name by which some part of a sample goes."""
    return plain(column) in _KNOWN


def guess(columns: Iterable[str]) -> dict[str, str] | None:
    """Field → column, each column once; None when the columns hold no question with an answer and no messages.

    Of two columns with names for one field the plainer name is taken. A label column is the answer when there is no
    other; an `input` is the question when there is neither an instruction nor a question. None also for a wrong answer
    without a right one, where another column seems to be the right one: read so, every row would lack its answer.
    """
    columns = tuple(columns)
    named = _named(columns)
    if any(field in ("assistant", "messages") for _column, field, rank in named if rank != _RANK_OF_PAIRS):
        named = [one if one[2] != _RANK_OF_PAIRS else (one[0], "", 0) for one in named]  # “draft” may be yes or no
    found = _whole(named) or _whole([*named, *_texts(columns)])
    if found and not found.keys() & {"assistant", "messages"} and "assistant" in (suggest(columns) or {}):
        return None
    return found


def doubtful(columns: Iterable[str]) -> bool:
    """Whether several columns have names for one part of a sample, so that `guess` leaves one of them aside: two
    answers, a question beside an instruction or an input. A person should say which is meant."""
    times = Counter(field for _column, field, _rank in _named(tuple(columns)))
    if times["messages"]:
        return times["messages"] > 1
    asked = times["user"] and (times["instruction"] or times["input"])
    return bool(asked) or any(times[field] > 1 for field in ("user", "instruction", "input", "assistant", "rejected"))


def suggest(columns: Iterable[str]) -> dict[str, str] | None:
    """As `guess`, but a name inside a heading counts too, as “标准回复” holds “回复”: for a person to check. Of two
    answers the mended one is the right one and the other the wrong one; all parts of the question are in it."""
    columns = tuple(columns)
    pairs = _pairs(columns, (*_LIKELY, *_PAIRS))
    named = [(column, *pairs.get(column, _inside(column))) for column in columns]
    found = _whole(named, all_asked=True) or _whole([*named, *_texts(columns)])
    if found is None or "rejected" in found:
        return found
    answers = [column for column, field, _rank in named if field == "assistant"]
    mended = [column for column in answers if plain(column) in _MENDED]
    if len(answers) == 2 and len(mended) == 1:
        found |= {"assistant": mended[0], "rejected": next(column for column in answers if column != mended[0])}
    return {field: found[field] for field in FIELDS if field in found}


def _texts(columns: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """The columns of a text, as the input."""
    names = {plain(name): rank for rank, name in enumerate(_TEXTS)}
    return ((column, "input", names[plain(column)]) for column in columns if plain(column) in names)


def _inside(column: str) -> tuple[str, int]:
    """The field with the longest name inside the heading, and how many of its characters are left over."""
    heading = "" if _NUMBERED.search(column) else plain(column)
    held = [name for name in _KNOWN if name in heading and (len(name) > 3 or not name.isascii())]
    longest = max(held, key=lambda name: (len(name), _KNOWN[name][0] == "rejected"), default="")  # “错误回复” is wrong
    return (_KNOWN[longest][0], len(heading) - len(longest)) if longest else ("", 0)


def _whole(named: Iterable[tuple[str, str, int]], *, all_asked: bool = False) -> dict[str, str] | None:
    """Field → column out of (column, field or "", rank), the lowest rank winning; None when it makes no sample.

    A question beside an input or an instruction is left aside, or with `all_asked` is the other part of it.
    """
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
    if all_asked and "user" in found and ("instruction" in found) != ("input" in found):
        found["input" if "instruction" in found else "instruction"] = found.pop("user")
    elif "user" in found and "instruction" not in found and "input" in found:
        del found["input"]  # it rides along as a column of its own
    elif "user" in found and "instruction" in found:
        del found["user"]
    return {field: found[field] for field in FIELDS if field in found}
