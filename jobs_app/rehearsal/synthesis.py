"""What a rehearsed base model answers when it is asked for pairs of an error and its correction.

Most of it counts: scenes of our own, and the pairs that the prompt shows with other digits. One pair in five is
the wrong way round, as a careless model writes it, so that a rehearsal shows what the verification turns down.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence

_KEYS = ('"domain"', '"question"', '"wrong"', '"right"')
_LOT = re.compile(r"^- (?P<domain>[^\n]{1,40}): (?P<n>\d{1,3})$", re.MULTILINE)
_MOST = 50

# question, answer; {code} is a code that has to stand in both as it is
_SCENES = (
    ("How is {code} stored?", "Store {code} dry and out of the sun."),
    ("Which version of {code} do we ship?", "We ship {code} as it stands in the list."),
    ("A customer asks for {code}.", "Please order {code} under this very name."),
    ("{code} 现在有货吗？", "{code} 现在有货。"),
    ("请翻译：Mix {code} before use.", "使用前请搅拌 {code}。"),
    ("{code} 的保质期是多久？", "{code} 的保质期是十二个月。"),
)


def wants_pairs(prompt: str) -> bool:
    """Whether the prompt asks for lines of the form that a synthesis reads."""
    return all(key in prompt for key in _KEYS) and _LOT.search(prompt) is not None


def pairs(prompt: str) -> str:
    """JSONL, as many lines of each domain as the prompt wants; the same prompt brings the same ones."""
    chance = random.Random(prompt)  # noqa: S311  (no secret)
    shown = list(_shown(prompt))
    lines: list[str] = []
    for lot in _LOT.finditer(prompt):
        for _ in range(min(int(lot["n"]), _MOST)):
            if len(lines) >= _MOST:
                break
            row = _varied(chance.choice(shown), chance) if shown and chance.random() < 0.5 else _scene(chance)
            if len(lines) % 5 == 4:
                row = {**row, "wrong": row["right"], "right": row["wrong"]}
            lines.append(json.dumps({"domain": lot["domain"], **row}, ensure_ascii=False))
    return "\n".join(lines)


def _shown(prompt: str) -> Iterator[Mapping[str, str]]:
    """The real pairs of the prompt: lines of JSON without a domain."""
    for line in prompt.splitlines():
        if line.startswith('{"question"'):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and all(isinstance(row.get(key), str) for key in ("question", "wrong", "right")):
                yield row


def _varied(row: Mapping[str, str], chance: random.Random) -> dict[str, str]:
    """The pair with other digits, the same ones everywhere."""
    digits = dict(zip("0123456789", [*chance.sample("123456789", 9), "0"], strict=True))
    table = str.maketrans(digits)
    return {key: row[key].translate(table) for key in ("question", "wrong", "right")}


def _scene(chance: random.Random) -> dict[str, str]:
    question, answer = chance.choice(_SCENES)
    code = f"{''.join(chance.choices('ABDKLMRTVX', k=2))}{chance.randint(10, 99)}-{chance.randint(100, 999)}"
    damaged = _damaged(code, chance)
    return {
        "question": question.format(code=code),
        "wrong": answer.format(code=damaged),
        "right": answer.format(code=code),
    }


def _damaged(code: str, chance: random.Random) -> str:
    ways: Sequence[str] = (code.replace("-", " - "), code.replace("-", "–"), code.lower())
    return chance.choice(ways)
