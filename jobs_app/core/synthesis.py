"""Asking a model for pairs of an error and its correction: the template, its limits, and what is sent of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets_app.core.samples import Sample
from ftstudio.errors import InvalidInput, Text
from jobs_app.core.candidates import KEYS, LONGEST, is_text
from jobs_app.core.recipes import read_numbers

WANTED = 50  # what a first set aims at
MOST_WANTED = 500
BATCH = 10  # pairs that one ask wants: short enough to come back whole
EXAMPLES = 8  # real pairs of the dataset that the prompt shows
KNOWN = 20  # newest questions that the model is told not to repeat
DOMAINS = ("technical", "dialogue", "terminology")
MOST_DOMAINS = 12
TEMPERATURE = 0.9  # the same prompt has to bring something else each time
MOST_TEMPLATE = 20_000  # characters
PAIR_TOKENS = 120  # of a pair, where the dataset has none to measure

PLACES = ("rules", "system_prompt", "examples", "domains", "known")
_PLACE = re.compile(r"\{(" + "|".join(PLACES) + r")\}")

TEMPLATE = """\
You write training data for a model with a defect: it damages codes, names and symbols when it copies them, and \
whatever looks them up by exact match finds nothing afterwards.

# The defect
Each pair shows what the model writes and what it should write:
- "AW30 - 02" for "AW30-02": spaces around the hyphen
- "AW30–02" for "AW30-02": a dash where a hyphen stands
- "aw30-02" for "AW30-02": another letter case
- "km / h" for "km/h": spaces around the slash
- "AW3002" for "AW30-02": a symbol lost

# The verbatim target
Every code, name and number of the question that the right answer uses stands in it character for character: the same \
letters, cases, digits and symbols, nothing added, nothing lost. The right answer keeps to all of these rules:
{rules}

The model is told:
{system_prompt}

# Real pairs of this dataset
{examples}

# Strategies
Use both, half and half.
1. New symbol scenes: invent codes, units, versions, ranges, paths and names that stand nowhere above, and put them \
into situations of their own.
2. Error → correction contrast: the wrong answer is the right one with a single damage of the kind above, and nothing \
else differs.
Write in the language of the real pairs.

# How many, of which domain
{domains}

Do not repeat these questions:
{known}

# Output
Only JSONL: one object on each line, no fence, no number, no word before or after.
{"domain": "one of the domains above", "question": "…", "wrong": "…", "right": "…"}
"""

SIMILAR = """\
You write training data for a model that gets a certain kind of question wrong. Below are questions in which it \
failed, each with its wrong answer and with the right one.

# Where it fails
{examples}

# The model is told
{system_prompt}

# What a right answer keeps to
{rules}

# What to write
New questions of the same kind: as hard, and hard for the same reason, about other things in other words. None of the \
questions above, and none that only swaps a name or a number in one of them: those are kept to examine the model. With \
each goes the wrong answer that this model would give, with the same sort of error, and the right one, in which every \
code, name and number of the question that it uses stands character for character. Write in the language of the above.

# How many, of which domain
{domains}

Do not repeat these questions:
{known}

# Output
Only JSONL: one object on each line, no fence, no number, no word before or after.
{"domain": "one of the domains above", "question": "…", "wrong": "…", "right": "…"}
"""


def check_template(given: Any) -> str:
    """The template, fit for use. Raises InvalidInput (`template`) where an answer to it could not be read."""
    text: str = "\n".join(str(given or "").strip().splitlines())  # a browser sends \r\n
    if not text or len(text) > MOST_TEMPLATE:
        raise InvalidInput(template=Text("Write a template of 1 to {n} characters.", n=MOST_TEMPLATE))
    if "\x00" in text or not is_text(text):
        raise InvalidInput(template=Text("The template holds characters that are no text."))
    if "{domains}" not in text:
        raise InvalidInput(
            template=Text("The template must hold {place}: it says how many of which.", place="{domains}")
        )
    if missing := [key for key in KEYS if f'"{key}"' not in text]:
        raise InvalidInput(
            template=Text("The template must name the key {key} of the answer's form.", key=f'"{missing[0]}"')
        )
    return text


def check_domains(names: Iterable[Any]) -> list[str]:
    """The domains, each once, in their order. Raises InvalidInput (`domains`)."""
    found: dict[str, str] = {}
    for name in names:
        plain = " ".join(str(name).replace("\x00", "").split())
        if plain and is_text(plain):
            found.setdefault(plain.casefold(), plain)
    if not found or len(found) > MOST_DOMAINS:
        raise InvalidInput(domains=Text("Name 1 to {n} domains.", n=MOST_DOMAINS))
    if long := next((name for name in found.values() if len(name) > 40), None):
        raise InvalidInput(domains=Text("The domain “{name}” is longer than 40 characters.", name=long[:60]))
    return list(found.values())


def read_wishes(*, wanted: Any, seed: Any, temperature: Any) -> tuple[int, int, float]:
    """Raises InvalidInput with a field for each that cannot be used. Temperature 0 would repeat itself."""
    read = read_numbers(wanted=(wanted, 1, MOST_WANTED), seed=(seed, 0, 2**31 - 1), temperature=(temperature, 0.1, 2.0))
    return int(read["wanted"]), int(read["seed"]), read["temperature"]


def asks_for(wanted: int) -> int:
    """Asks that would do if everything counted."""
    return -(-wanted // BATCH)


def most_asks(wanted: int) -> int:
    """Asks after which it ends, whatever came of them."""
    return 3 * asks_for(wanted) + 3


def shares(wanted: int, domains: Sequence[str], have: Mapping[str, int]) -> dict[str, int]:
    """How many pairs the next ask wants of each domain: where most are missing, at most BATCH in all."""
    goals = {name: wanted // len(domains) + (at < wanted % len(domains)) for at, name in enumerate(domains)}
    missing = {name: max(0, goals[name] - have.get(name, 0)) for name in domains}
    left = min(BATCH, max(0, wanted - sum(have.get(name, 0) for name in domains)))
    asked = dict.fromkeys(domains, 0)
    while left:
        name = max(domains, key=lambda one: missing[one] - asked[one])
        asked[name] += 1
        left -= 1
    return {name: n for name, n in asked.items() if n}


def fill(
    template: str,
    *,
    rules: Sequence[str],
    system_prompt: str,
    examples: Sequence[Sample],
    asked: Mapping[str, int],
    known: Sequence[str] = (),
) -> str:
    """The prompt: every placeholder filled in one go, so that nothing that is put in is filled again."""
    values = {
        "rules": _list(rules),
        "system_prompt": system_prompt.strip() or "–",
        "examples": "\n".join(map(example_line, examples)) or "–",
        "domains": _list(f"{name}: {n}" for name, n in asked.items()),
        "known": _list(question[:80].replace("\n", " ") for question in known[:KNOWN]),
    }
    return _PLACE.sub(lambda place: values[place.group(1)], template)


def example_line(sample: Sample) -> str:
    """A real pair in the form in which new ones are wanted; the domain is the model's to choose."""
    question, answer = sample.question, sample.answer
    row = {
        "question": (question.text if question else "")[:LONGEST],
        "wrong": (sample.rejected[-1].text if sample.rejected else "")[:LONGEST],
        "right": (answer.text if answer else "")[:LONGEST],
    }
    return json.dumps(row, ensure_ascii=False)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items) or "–"
