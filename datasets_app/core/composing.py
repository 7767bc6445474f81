"""What a file is composed of beside the plain samples: contrast rows, a share of negatives, and what may be lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from datasets_app.core.profiles import PROFILES
from datasets_app.core.splitting import Column, mixed_rows, shuffled
from ftstudio.errors import InvalidInput, Listed, Text

NEGATIVE = "negative"  # the tag of samples that show what to refuse, so that a file can hold a chosen share of them
MOST = 95  # percent: above it the rest would be an afterthought
WHOLE = 100  # percent
_KEYS = ("contrast", "negatives", "allow_loss", "profile", "portion")
_PORTION_LOT = 0x706F7274  # another lot than that of the negatives: a portion has its share of them


@dataclass(frozen=True, slots=True)
class Options:
    """`contrast`: percent of the file's training rows that are contrast rows, made of pairs. `negatives`: percent of
    them that are negatives (None: all there are). Both are shares of the whole, each other's rows counted in.
    `allow_loss`: fields that may be left behind where a format cannot carry them. `profile`: whose limits the file must
    keep ("": those of the snapshot's profile). `portion`: percent of the training rows that are taken at all, for a
    learning curve; the rows of a smaller portion are in each larger one.
    """

    contrast: int = 0
    negatives: int | None = None
    allow_loss: tuple[str, ...] = ()
    profile: str = ""
    portion: int = WHOLE

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None) -> Options:
        """Read options as a client sends them or a row keeps them. Raises `InvalidInput` naming each wrong one."""
        given = dict(given or {})
        refused: dict[str, str] = {
            str(name)[:60]: Text("An export has no such option.") for name in given if name not in _KEYS
        }
        for name, unset in (("contrast", 0), ("negatives", None)):
            value = given.get(name, unset)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST):
                refused[name] = Text("A whole percentage from 0 to {most}, please.", most=MOST)
        if not refused and (given.get("contrast") or 0) + (given.get("negatives") or 0) > MOST:
            refused["negatives"] = Text("Contrast rows and negatives together: at most {most} percent.", most=MOST)
        allowed = given.get("allow_loss") or ()
        if not isinstance(allowed, list | tuple) or not all(isinstance(name, str) and name for name in allowed):
            refused["allow_loss"] = Text("Name the fields that may be lost, as a list.")
        profile = given.get("profile") or ""
        if profile and profile not in PROFILES:
            known = Listed(PROFILES)
            refused["profile"] = Text(
                "“{name}” is no profile: use one of {known}.", name=str(profile)[:60], known=known
            )
        portion = given.get("portion", WHOLE)
        if isinstance(portion, bool) or not isinstance(portion, int) or not 1 <= portion <= WHOLE:
            refused["portion"] = Text("A whole percentage from 1 to 100, please.")
        if refused:
            raise InvalidInput.of(refused)
        return cls(given.get("contrast") or 0, given.get("negatives"), tuple(dict.fromkeys(allowed)), profile, portion)

    def to_data(self) -> dict[str, Any]:
        """The options that are set, as a row keeps them."""
        data = {name: value for name, value in asdict(self).items() if value is not None and value not in (0, (), "")}
        if self.negatives is not None:
            data["negatives"] = self.negatives
        if self.portion == WHOLE:
            del data["portion"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which training rows, by position: pairs that are written as a contrast row too, negatives that are left out.

    `contrast_wanted` and `negatives_wanted` are how many the shares ask for; fewer were there when they are more than
    were taken.
    """

    contrast: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()
    contrast_wanted: int = 0
    negatives_wanted: int = 0
    negatives: int = 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many rows of each kind the training part of a file has: `plain` ones, `negatives`, `contrast` rows.

    Each share is one of all of them. The wanted numbers are what the shares ask for beside the rows that there are;
    they are larger than what is taken where there are not enough.
    """

    plain: int
    negatives: int
    contrast: int
    negatives_wanted: int
    contrast_wanted: int

    @property
    def rows(self) -> int:
        return self.plain + self.negatives + self.contrast


def amounts(plain: int, plain_pairs: int, negative_pairs: Sequence[bool], options: Options) -> Amounts:
    """How the shares of `options` come out beside `plain` rows, of which `plain_pairs` can be contrast rows too.

    `negative_pairs` says of each negative, in the order in which the lot falls on them, whether it is a pair. Each
    number is the largest one at which its kind has, to the nearest row, no more than its share of the whole file, the
    other kind in it.
    """
    able = [plain_pairs, *(plain_pairs + n for n in accumulate(negative_pairs))]  # by the number of negatives
    negatives, contrast = len(negative_pairs), able[-1]
    while True:
        negatives_wanted = len(negative_pairs)
        if options.negatives is not None:
            negatives_wanted = mixed_rows(plain + contrast, options.negatives)
        fewer = min(negatives, negatives_wanted)
        contrast_wanted = mixed_rows(plain + fewer, options.contrast)
        now = fewer, min(contrast, contrast_wanted, able[fewer])
        if now == (negatives, contrast):  # each round takes some of one kind away, until both are within their shares
            return Amounts(plain, negatives, contrast, negatives_wanted, contrast_wanted)
        negatives, contrast = now


def choose(positions: Column, pairs: Column, negatives: Column, options: Options, *, seed: int) -> Chosen:
    """Draw by lot with the seed: first the portion, then the negatives that stay, then the pairs that become contrast
    rows as well; how many of each, `amounts` says.

    The same positions and seed give the same choice. A larger share of one kind only adds to it.
    """
    pairs, negatives = np.asarray(pairs, dtype=bool), np.asarray(negatives, dtype=bool)
    lot = shuffled(positions, seed)
    stay = np.ones(len(positions), dtype=bool)
    if options.portion < WHOLE:
        kept = -(-len(positions) * options.portion // WHOLE)
        stay[np.argsort(shuffled(positions, seed ^ _PORTION_LOT), kind="stable")[kept:]] = False
    drawn = np.flatnonzero(negatives & stay)
    drawn = drawn[np.argsort(lot[drawn], kind="stable")]
    plain = ~negatives & stay
    found = amounts(int(plain.sum()), int((plain & pairs).sum()), pairs[drawn].tolist(), options)
    stay[drawn[found.negatives :]] = False
    able = np.flatnonzero(pairs & stay)
    able = able[np.argsort(lot[able], kind="stable")][: found.contrast]
    return Chosen(
        frozenset(np.asarray(positions)[able].tolist()),
        frozenset(np.asarray(positions)[~stay].tolist()),
        found.contrast_wanted,
        found.negatives_wanted if options.negatives is not None else 0,
        found.negatives,
    )
