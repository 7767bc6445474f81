"""One module per rule: a small class that explains itself and says what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets_app.core.registry import Registry

if TYPE_CHECKING:  # the contract knows the rules' names and the rules know the contract
    from datasets_app.core.rules.base import Rule

RULES: Registry[Rule] = Registry(__name__, "RULE")

# Every public rule id, the ones of lines, files and sets included; new names are appended.
RULE_IDS: tuple[str, ...] = (
    "json-invalid", "json-duplicate-key", "text-not-unicode", "not-an-object", "messages-missing", "messages-empty",
    "message-key-missing", "message-key-unknown", "role-unknown", "content-missing", "content-empty",
    "system-not-first", "first-turn-not-user", "turns-not-alternating", "no-complete-pair", "no-assistant",
    "last-turn-not-assistant", "tool-call-unanswered", "tool-unknown", "tool-arguments-invalid", "special-token",
    "too-many-tokens", "too-few-samples", "file-too-large", "image-unsupported", "image-too-large", "weight-invalid",
    "preference-identical", "preference-missing", "schema-violation", "schema-type-drift", "label-unknown",
    "label-inconsistent", "symbol-spacing", "symbol-altered", "echo", "sentence-count", "too-long",
    "terminal-punctuation", "repeated-punctuation", "script-leak", "width-mixed", "invisible-character",
    "trailing-space", "markdown-fence", "ungrounded-value", "conflicting-answer", "duplicate", "near-duplicate",
    "split-leak", "secret", "personal-data", "forbidden-text", "required-text", "line-too-long",
    "copied-example",
)  # fmt: skip
