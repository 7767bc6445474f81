"""Secrets and personal data in a text: where they stand and what kind they are. Values are shown masked only.

A pattern alone finds too much, so each kind has a second look: entropy for keys, check digits for identity and bank
card numbers, reserved ranges and example domains for addresses. One cheap test per text comes before all patterns.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from operator import attrgetter
from string import ascii_letters, digits

from datasets_app.core import passwords, telephones
from datasets_app.core.check_digits import is_card, is_resident, was_resident
from ftstudio.errors import Text

LONGEST = 200_000  # characters looked at
_ENTROPY = 3.0  # bits per character; words and placeholders such as “xxxx” stay below


@dataclass(frozen=True, slots=True)
class Spot:
    """A sensitive value: characters `start` to `end`, its kind, and how it may be shown."""

    start: int
    end: int
    kind: Text
    masked: str


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def _random(value: str) -> bool:
    return entropy(value) >= _ENTROPY and any(char.isdigit() for char in value) and "example" not in value.lower()


# A name of code, as in “token = self.next_token2”: words with dots and underscores between them.
_CODE = re.compile(r"(?:[A-Za-z]{1,30}\d{0,2}[._-]){1,20}[A-Za-z]{1,30}\d{0,2}")


def _assigned(value: str) -> bool:
    return _random(value) and _CODE.fullmatch(value) is None


def _in_address(value: str) -> bool:
    """A password in a URL; those of manuals are words."""
    return any(char.isdigit() for char in value) and len(set(value)) > 4 and "example" not in value.lower()


def _mobile(value: str) -> bool:
    value = value.replace("-", "").replace(" ", "")
    return len(set(value[-8:])) > 2 and not value.endswith("13800138000")


def _mail(value: str) -> bool:
    name, _, domain = value.lower().rpartition("@")
    if name == "git":
        return False  # git@github.com:… is where code lies, and nobody's address
    if domain in _ANYBODYS or (len(name) == 1 and domain.find(".") == 1):
        return False  # boss@company.com, a@b.co
    return not domain.endswith((".example", ".test", ".invalid", ".localhost")) and not re.search(
        r"(?:^|\.)example\.(?:com|org|net|cn)$", domain
    )


_ANYBODYS = frozenset(
    f"{name}.com" for name in ("company", "yourcompany", "domain", "yourdomain", "email", "mail", "website", "test")
)


def _address(value: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    if address.version == 6:
        return address.is_global
    return address.is_global and max(map(int, value.split("."))) > 30  # else more likely a version number


@dataclass(frozen=True, slots=True)
class _Kind:
    label: Text
    pattern: re.Pattern[str]
    holds: Callable[[str], bool]
    group: int = 0


_SECRETS = (
    _Kind(
        Text("private key"),
        re.compile(
            r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----"
            # To its end, or as far as there are lines of it.
            r"(?:(?:(?!-----BEGIN )[\s\S]){0,10000}?-----END [A-Z ]{0,40}-----"
            r"|(?:(?:\s|\\n){1,4}[A-Za-z0-9+/=]{16,4000}+)*+)"
        ),
        lambda _: True,
    ),
    _Kind(
        Text("API key"),
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:(?:AKIA|ASIA)[0-9A-Z]{16}|AKID[0-9A-Za-z]{32}|LTAI[0-9A-Za-z]{12,26}"
            r"|AKLT[0-9A-Za-z_-]{20,60}"
            r"|AIza[0-9A-Za-z_-]{35}|sk-[0-9A-Za-z_-]{20,200}|gh[pousr]_[0-9A-Za-z]{36,100}|github_pat_[0-9A-Za-z_]{22,100}"
            r"|glpat-[0-9A-Za-z_-]{20,40}|hf_[0-9A-Za-z]{30,40}|xox[abprs]-[0-9A-Za-z-]{10,100}"
            r"|[rs]k_live_[0-9A-Za-z]{20,100}|npm_[0-9A-Za-z]{36})(?![A-Za-z0-9])"
        ),
        _random,
    ),
    _Kind(
        Text("access token"),
        re.compile(r"(?<![\w-])eyJ[0-9A-Za-z_-]{10,2000}\.eyJ[0-9A-Za-z_-]{10,4000}\.[0-9A-Za-z_-]{10,1000}"),
        lambda _: True,
    ),
    _Kind(
        Text("password or key"),
        re.compile(
            r"(?i)(?:api[ _-]?key|access[ _-]?key|accountkey|secret|token|passw(?:or)?d|密码|密钥)[\w-]{0,20}?"
            r"[\"']?\s{0,3}(?:[:=：是为]|is\b)\s{0,3}[\"']?([A-Za-z0-9_\-/+=.]{16,200})"
        ),
        _assigned,
        1,
    ),
    _Kind(Text("password or key"), passwords.PATTERN, passwords.is_one, 1),
    _Kind(
        Text("password in an address"),
        re.compile(
            r"(?a)(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[\w.%+~-]{0,64}:([\w.%+~!$&*()^@-]{6,100})@(?=[\w\[])"
        ),
        _in_address,
        1,
    ),
)
_PERSONAL = (
    _Kind(Text("identity number"), re.compile(r"(?<![\dA-Za-z])[1-9]\d{5} ?(?:19|20)\d{6} ?\d{3}[\dXx](?![\dA-Za-z])"),
          is_resident),
    _Kind(Text("identity number"), re.compile(r"身份证(?:号码?)?[:：是为 ]{0,3}([1-9]\d{14})(?!\d)", re.ASCII),
          was_resident, 1),
    _Kind(
        Text("passport number"),
        re.compile(
            r"(?:护照|通行证|[Pp]assport|PASSPORT)(?:号码?|编号| [Nn]o\.?| [Nn]umber)?[:：是为# ]{0,3}(?:is )?"
            r"([A-Z][A-Z0-9]\d{6,8})(?![A-Za-z0-9])",
            re.ASCII,
        ),
        lambda value: len(set(value[2:])) > 3 and "1234567" not in value,
        1,
    ),
    _Kind(
        Text("mobile number"),
        re.compile(r"(?<![\d.+])(?:\+?86[- ]?)?1[3-9]\d(?:\d{8}|-\d{4}-\d{4}| \d{4} \d{4})(?!\d)"),
        _mobile,
    ),
    _Kind(Text("telephone number"), telephones.LANDLINE, telephones.leads_to_somebody),
    _Kind(Text("telephone number"), telephones.LANDLINE_SAID, telephones.leads_to_somebody, 1),
    _Kind(Text("telephone number"), telephones.AMERICAN, telephones.leads_to_an_american),
    _Kind(Text("telephone number"), telephones.INTERNATIONAL, telephones.leads_to_somebody),
    # Of 19 digits in groups; by itself, as the last three may be another number behind one of 16.
    _Kind(Text("bank card number"), re.compile(r"(?<![\d.])[3-6]\d{3}(?:[ -]\d{4}){3}[ -]\d{3}(?!\d)"), is_card),
    _Kind(
        Text("bank card number"),
        re.compile(
            r"(?<![\d.])(?:[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{3,7}"
            r"|3[47]\d\d[ -]\d{6}[ -]\d{5}|6\d{5}[ -]\d{10,13})(?!\d)"
        ),
        is_card,
    ),
    _Kind(
        Text("e-mail address"),
        re.compile(
            r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9])", re.ASCII
        ),
        _mail,
    ),
    _Kind(Text("IP address"), re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", re.ASCII), _address),
    _Kind(  # of the addresses that are given out (2000::/3); a colon more is none, and “abc::def” is code
        Text("IP address"),
        re.compile(r"(?<![\w:.])[23][0-9A-Fa-f]{3}(?::{1,2}[0-9A-Fa-f]{1,4}){2,7}(?:::)?(?![\w:]|\.\d)", re.ASCII),
        _address,
    ),
)  # fmt: skip


def _classes(**members: str) -> bytes:
    """A table for `bytes.translate`: each character becomes the sign of its class, one of no class a space."""
    table = bytearray(b" " * 256)
    for sign, characters in members.items():
        for character in characters:
            table[ord(character)] = ord(sign)
    return bytes(table)


_VALUE = _classes(w=ascii_letters + digits + "_-/+=.")
_NUMBER = _classes(**{"0": digits, "-": "- ?", ".": "."})  # “?” is the space that does not break
_SHORTEST = b"w" * 15  # no key, token or password is shorter


def ascii_of(text: str) -> bytes:
    """The text with a “?” for every character beyond ASCII: what the cheap tests look at."""
    return text.encode("ascii", "replace")


def may_hold_secrets(text: str, seen: bytes) -> bool:
    """A cheap test before the patterns: whether the text, `seen` by `ascii_of`, has a value as long, and a mark, that
    each of them needs, or an address with a password in it, or a word for one."""
    if "@" in text and "://" in text:
        return True
    if ("密" in text and "密码" in text) or ("令" in text and "口令" in text):
        return True
    if "w" in text or "W" in text:  # of password and pwd
        plain = seen.lower()
        if b"passw" in plain or b"pwd" in plain:
            return True
    # A pattern that minds no case takes these for ASCII letters; the last one is the sign of kelvins.
    if "İ" in text or "ı" in text or "ſ" in text or "\u212a" in text:
        return True
    if _SHORTEST not in seen.translate(_VALUE):
        return "-----BEGIN " in text
    plain = seen.lower()
    return "密钥" in text or any(mark in plain for mark in _MARKS)


def may_hold_personal(text: str, seen: bytes) -> bool:
    """The same before the patterns of personal data: an at sign, digits in a row or in groups, an address's dots or
    colons, a plus."""
    if "@" in text or ("+" in text and _ABROAD.search(seen)):
        return True
    # What stands behind a key of JSON is no colon of an address.
    colons = text.count(":")
    if colons > 1 and colons > text.count('":') + 1 and _LONG_ADDRESS.search(seen):
        return True
    if ("照" in text and "护照" in text) or "assport" in text or "PASSPORT" in text:  # whose numbers may be short
        return True
    seen = seen.translate(_NUMBER)
    return (
        b"0000000" in seen
        or b"000-000" in seen
        or ("." in text and b"0.0" in seen and (b"0.0.0" in seen or b"0.00.0" in seen or b"0.000.0" in seen))
    )


_ABROAD = re.compile(rb"\+\d[\d ()?-]{8}")
_LONG_ADDRESS = re.compile(rb"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]")
_MARKS = (
    b"key", b"oken", b"ecret", b"akia", b"asia", b"akid", b"ltai", b"aklt", b"aiza", b"k_live_", b"npm_", b"eyj",
    b"sk-", b"glpat-", b"xox", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"hf_", b"github_pat_", b"-----begin ",
)  # fmt: skip


def secrets(text: str) -> Iterator[Spot]:
    """Keys, tokens and passwords."""
    if may_hold_secrets(text, ascii_of(text)):
        yield from _spots(text, _SECRETS)


def personal(text: str) -> Iterator[Spot]:
    """Telephone, identity, passport and bank card numbers, e-mail and public IP addresses."""
    if may_hold_personal(text, ascii_of(text)):
        yield from _spots(text, _PERSONAL)


def _spots(text: str, kinds: tuple[_Kind, ...]) -> Iterator[Spot]:
    found: list[Spot] = []  # in their order; none reaches into another
    for kind in kinds:
        for match in kind.pattern.finditer(text, 0, LONGEST):
            start, end = match.span(kind.group)
            at = bisect_left(found, end, key=_start)  # behind the last one that begins before its end
            if (at and start < found[at - 1].end) or not kind.holds(text[start:end]):
                continue
            found.insert(at, Spot(start, end, kind.label, masked(text[start:end])))
    yield from found


_start = attrgetter("start")


def masked(value: str) -> str:
    """As little as tells people which value is meant: its first three characters, and how many more there are."""
    return f"{value[:3]}{'*' * min(8, max(1, len(value) - 3))}"
