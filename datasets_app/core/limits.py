"""What a trainer demands of a file as a whole: enough samples, not too many, not too large."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core import picture_limits
from datasets_app.core.contracts.model import EMPTY, Contract
from datasets_app.core.engine import severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from ftstudio.errors import Text

RULES_OF_FILES = ("too-few-samples", "file-too-large", *picture_limits.RULES_OF_PICTURES)


def of_file(profile: Profile, *, rows: int, size: int | None = None, contract: Contract = EMPTY) -> Iterator[Finding]:
    """What is wrong with a file of so many rows and (where it is known) bytes, at the contract's severities."""
    wrong: list[tuple[str, Text]] = []
    if profile.min_samples is not None and rows < profile.min_samples:
        wrong.append((
            "too-few-samples",
            Text("{count} samples, and {provider} wants at least {min}.", count=rows, provider=profile.label,
                 min=profile.min_samples),
        ))  # fmt: skip
    if profile.max_file_bytes is not None and size is not None and size > profile.max_file_bytes:
        wrong.append((
            "file-too-large",
            Text("{size} bytes, and {provider} takes at most {max}: split the file.", size=size,
                 provider=profile.label, max=profile.max_file_bytes),
        ))  # fmt: skip
    if profile.max_samples is not None and rows > profile.max_samples:
        wrong.append((
            "file-too-large",
            Text("{count} samples, and {provider} takes at most {max}: split the file.", count=rows,
                 provider=profile.label, max=profile.max_samples),
        ))  # fmt: skip
    for rule, message in wrong:
        level = severity_of(rule, "error", contract=contract, profile=profile)
        if level != "off":
            yield Finding(rule, level, message)
