"""What a target says about the pictures of a file: how many, how large, of which type, given in which way.

The rules of samples say it when a sample is graded, but a picture that ftstudio keeps has no bytes, type or form of
address then, and the limits of another target count only when somebody exports for it. So the file is looked at again,
as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datasets_app.core import base_models, images
from datasets_app.core.contracts.model import EMPTY, Contract
from datasets_app.core.engine import severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules import RULES
from datasets_app.core.rules.base import Context
from datasets_app.core.rules.image_too_large import too_heavy
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

RULES_OF_PICTURES = ("image-too-large", "image-unsupported")


class PictureLimits:
    """Looks at row after row; then `findings` are those of the file.

    `graded_by` is the profile that the samples were graded under. What its rules could say of a sample they have said,
    and people have decided on it: that is not said again.
    """

    def __init__(self, target: Profile, graded_by: Profile) -> None:
        self.target = target
        self._same = target.name == graded_by.name
        self._context = Context(EMPTY, target, base_models.encoder_for(""))
        self._found: dict[str, tuple[Text, int, int]] = {}  # rule → what it said first, where, and of how many samples

    def look(self, position: int, graded: Sample, written: Sample, sizes: Mapping[str, int]) -> None:
        """`written` is the sample with the addresses that the file has; `sizes` the bytes of files beside the rows."""
        known = {(rule, path) for rule, path, _said in self._check(graded, {})} if self._same else set()
        new = {rule: said for rule, path, said in self._check(written, sizes) if (rule, path) not in known}
        for rule, said in new.items():
            first, where, count = self._found.get(rule, (said, position, 0))
            self._found[rule] = (first, where, count + 1)

    def _check(self, sample: Sample, sizes: Mapping[str, int]) -> Iterator[tuple[str, str, Text]]:
        for rule in RULES_OF_PICTURES:
            for finding in RULES[rule].check(sample, self._context):
                yield rule, finding.path, finding.message
        for picture in images.pictures(sample):
            said = too_heavy(sizes.get(picture.address, 0), self.target)
            if said is not None:
                yield "image-too-large", picture.path, said

    def findings(self, contract: Contract = EMPTY) -> Iterator[Finding]:
        """One for each rule that something was wrong by, at the contract's severities."""
        for rule, (said, position, count) in sorted(self._found.items()):
            level = severity_of(rule, RULES[rule].severity, contract=contract, profile=self.target)
            if level != "off":
                message = Text(
                    "{reason} Found in {count} samples, first in {position}.",
                    reason=said, count=count, position=f"{position:04d}",
                )  # fmt: skip
                yield Finding(rule, level, message)
