"""How providers let jobs be called: the rules by which names and descriptions are checked and fitted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ftstudio.errors import InvalidInput, Text


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a provider allows as a job's name: a pattern over the whole name, and the sentence that says it."""

    pattern: re.Pattern[str]
    says: Text


LONGEST_DESCRIPTION = 300
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
NAME_RULES: Mapping[str, NameRule] = {
    # Ark counts 1 to 200 visible characters; nothing else may stand in the name, not even a space.
    "ark": NameRule(
        re.compile(rf"[A-Za-z0-9{_HAN}_-]{{1,200}}"),
        Text("Use 1 to 200 letters, Chinese characters, digits, hyphens and underscores, and nothing else."),
    ),
    # Elsewhere the name is ours alone: anything that can be read, without control characters.
    "plain": NameRule(
        re.compile(r"(?=.*\S)[^\x00-\x1f\x7f\u2028\u2029]{1,200}"),
        Text("Use 1 to 200 characters on one line, at least one of them not a space."),
    ),
}


def check_description(text: str, rule: str = "plain") -> str:
    """The description, if the rule allows it: Ark wants the characters of a name in it, the others any text.

    Raises InvalidInput(description=…).
    """
    if text and rule != "plain" and not NAME_RULES[rule].pattern.fullmatch(text):
        raise InvalidInput(description=NAME_RULES[rule].says)
    if len(text) > LONGEST_DESCRIPTION:
        raise InvalidInput(description=Text("At most {n} characters.", n=LONGEST_DESCRIPTION))
    return text


def fitting(text: str, rule: str) -> str:
    """The text in the characters of the rule: a hyphen for each run of others. What fits stays as it is."""
    allowed = NAME_RULES[rule].pattern
    if not text or rule == "plain" or allowed.fullmatch(text):
        return text
    return re.sub(r"-{2,}", "-", "".join(sign if allowed.fullmatch(sign) else "-" for sign in text)).strip("-")[:200]


def check_name(name: str, rule: str = "plain") -> str:
    """The name, if the rule allows it. Raises InvalidInput(name=…) that says what the rule allows."""
    allowed = NAME_RULES[rule]
    if not allowed.pattern.fullmatch(name):
        raise InvalidInput(name=allowed.says)
    return name
