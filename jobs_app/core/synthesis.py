"""Asking a model for pairs of an error and its correction: what is sent, and what of the answer counts.

A model's answer is text that anybody could have written. It is read here and never carried out; what becomes a
candidate has been through the dataset's contract, by the same engine that grades its samples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput, Text

WANTED = 50  # what a first set aims at
MOST_WANTED = 500
BATCH = 10  # pairs that one ask wants: short enough to come back whole
EXAMPLES = 8  # real pairs of the dataset that the prompt shows
KNOWN = 20  # newest questions that the model is told not to repeat
DOMAINS = ("technical", "dialogue", "terminology")
MOST_DOMAINS = 12
TEMPERATURE = 0.9  # the same prompt has to bring something else each time
MOST_TEMPLATE = 20_000  # characters
LONGEST = 20_000  # characters of one question or answer
PAIR_TOKENS = 120  # of a pair, where the dataset has none to measure
_READ = 400_000  # characters of an answer that are looked at
_MOST_LINES = 200  # objects of one answer that are looked at

KEYS = ("domain", "question", "wrong", "right")
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

UNREADABLE, DOMAIN, SAME, CONTRACT, HARMLESS, REPEATED = (
    "unreadable", "domain", "same", "contract", "harmless", "repeated",
)  # fmt: skip
REASONS: Mapping[str, Text] = {
    UNREADABLE: Text("is no object with the four texts"),
    DOMAIN: Text("belongs to none of the domains"),
    SAME: Text("has the same text as wrong and right answer"),
    CONTRACT: Text("has a right answer that breaks the contract"),
    HARMLESS: Text("has a wrong answer that breaks no rule"),
    REPEATED: Text("repeats another candidate or a sample of the dataset"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """What a model proposes: a question, the answer with the error, and the corrected one."""

    domain: str
    question: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Line:
    """One object of an answer: the pair, or why it is none (`raw` is what stood there)."""

    raw: str
    pair: Pair | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is "" for a pair that counts; `findings` are those of the wrong answer, or what speaks against it."""

    reason: str
    findings: tuple[Finding, ...] = ()


# --- What is sent ----------------------------------------------------------------------------------------------------
def check_template(text: Any) -> str:
    """The template, fit for use. Raises InvalidInput (`template`) where an answer to it could not be read."""
    text = str(text or "").strip()
    if not text or len(text) > MOST_TEMPLATE:
        raise InvalidInput(template=Text("Write a template of 1 to {n} characters.", n=MOST_TEMPLATE))
    if "\x00" in text or not _is_text(text):
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
        if plain and _is_text(plain):
            found.setdefault(plain.casefold(), plain)
    if not found or len(found) > MOST_DOMAINS:
        raise InvalidInput(domains=Text("Name 1 to {n} domains.", n=MOST_DOMAINS))
    if long := next((name for name in found.values() if len(name) > 40), None):
        raise InvalidInput(domains=Text("The domain “{name}” is longer than 40 characters.", name=long[:60]))
    return list(found.values())


def read_numbers(*, wanted: Any, seed: Any, temperature: Any) -> tuple[int, int, float]:
    """Raises InvalidInput with a field for each that cannot be used. Temperature 0 would repeat itself."""
    wrong: dict[str, Text] = {}
    values: dict[str, float] = {}
    for name, raw, low, high in (
        ("wanted", wanted, 1, MOST_WANTED), ("seed", seed, 0, 2**31 - 1), ("temperature", temperature, 0.1, 2),
    ):  # fmt: skip
        try:
            value = float(str(raw).strip())
        except ValueError:
            value = -1.0
        if not low <= value <= high or (name != "temperature" and value % 1):
            what = Text("a number") if name == "temperature" else Text("a whole number")
            wrong[name] = Text("Give {what} from {low} to {high}.", what=what, low=low, high=high)
        values[name] = value
    if wrong:
        raise InvalidInput.of(wrong)
    return int(values["wanted"]), int(values["seed"]), values["temperature"]


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


# --- What comes back -------------------------------------------------------------------------------------------------
def parse(answer: str | None, domains: Sequence[str]) -> list[Line]:
    """The objects of an answer, in their order: JSONL, with or without fences, numbers, commas or words around it.

    Never raises. Where there is no object at all, one unreadable line stands for the answer.
    """
    known = {name.casefold(): name for name in domains}
    text = str(answer or "")[:_READ]
    found = [_read(raw, value, known) for raw, value in _objects(text)]
    if not found and text.strip():
        return [Line(_shown(text.strip()), reason=UNREADABLE)]
    return found


def _objects(text: str) -> Iterator[tuple[str, Any]]:
    """Each object that begins at a brace; what begins with one and is none goes to the end of its line."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_LINES):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, end = None, text.find("\n", at)
            end = end if end >= 0 else len(text)
        yield text[at:end], value
        at = text.find("{", end)


def _read(raw: str, value: Any, domains: Mapping[str, str]) -> Line:
    raw = _shown(raw)
    texts = [value.get(key) for key in KEYS] if isinstance(value, dict) else []
    if not texts or not all(isinstance(text, str) and _is_text(text) and len(text) <= LONGEST for text in texts):
        return Line(raw, reason=UNREADABLE)
    domain, question, wrong, right = texts
    if not (question.strip() and wrong.strip() and right.strip()):
        return Line(raw, reason=UNREADABLE)
    named = domains.get(" ".join(domain.split()).casefold())
    pair = Pair(named or "", question, wrong, right)
    if named is None:
        return Line(raw, pair, DOMAIN)
    return Line(raw, pair, SAME if wrong.strip() == right.strip() else "")


def _is_text(text: str) -> bool:
    """Whether it can be stored: no half of a surrogate pair, no NUL."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _shown(raw: str) -> str:
    return raw[:1000].replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


# --- What counts -----------------------------------------------------------------------------------------------------
def sample_of(pair: Pair, system_prompt: str = "") -> Sample:
    """The pair as the dataset would have it."""
    turns = [Message("system", system_prompt)] if system_prompt else []
    turns += [Message("user", pair.question), Message("assistant", pair.right)]
    return Sample(tuple(turns), rejected=(Message("assistant", pair.wrong),))


def verify(pair: Pair, checker: Checker, system_prompt: str = "") -> Verdict:
    """By the dataset's contract: the right answer has no error, and nothing at all about symbols; the wrong one breaks
    a rule that the right one keeps. A pair whose error nobody can see teaches nothing that could be checked.
    """
    sample = sample_of(pair, system_prompt)
    found = checker.check(sample)
    against = tuple(one for one in found if one.severity == "error" or one.rule.startswith("symbol-"))
    if against:
        return Verdict(CONTRACT, against)
    kept = {one.rule for one in found}
    mistaken = Sample((*sample.messages[:-1], Message("assistant", pair.wrong)))
    path = f"/messages/{len(mistaken.messages) - 1}"
    broken = tuple(
        one
        for one in checker.check(mistaken)
        if one.rule not in kept and one.severity != "hint" and (one.path == path or one.path.startswith(f"{path}/"))
    )
    return Verdict("" if broken else HARMLESS, broken)
