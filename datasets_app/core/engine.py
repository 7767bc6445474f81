"""The checker: which rules speak under a contract and a profile, and what they say about a sample."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from datasets_app.core import base_models, contracts, profiles, tokens
from datasets_app.core.answers import Answer
from datasets_app.core.contracts.model import Contract, Level
from datasets_app.core.discretion import discreet
from datasets_app.core.encoders.base import Encoder
from datasets_app.core.findings import RANK, Finding, Severity
from datasets_app.core.profiles import Profile
from datasets_app.core.rules import RULES
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from datasets_app.core.tokens import Counted, Cut
from datasets_app.core.traits import PERSONAL, SECRETS, traits
from ftstudio.errors import Text

Checking = Callable[[Sample, Context], Iterator[Finding]]

_SENSITIVE = SECRETS | PERSONAL
MOST_ROLES = 1000  # sequences of roles that are remembered


def severity_of(rule: str, default: Severity, *, contract: Contract, profile: Profile) -> Level:
    """The contract has the last word, then the profile, then the rule itself."""
    return contract.severity.get(rule) or profile.severity.get(rule) or default


class Checker:
    """Checks samples against one contract under one profile. Picks its rules once; may be shared by threads.

    `base_model` is the id of the model that will be tuned: it chooses the `encoder` that counts tokens (`name`, and
    `exact` or an estimate) and, beside the profile, `limit`: the tokens that one sample may have, None for no known
    limit. `version` (12 hex digits) changes exactly when verdicts or token counts may change. Raises
    `InvalidInput` for an unknown profile.
    """

    def __init__(
        self, contract: Contract = contracts.EMPTY, profile: str = "local", base_model: str = "", limit: int = 0
    ) -> None:
        """`limit`, in tokens per sample, stands in for the ones of base model and profile."""
        self.contract = contract
        self.profile = profiles.get(profile)
        self.base_model = base_models.find(base_model)
        self.encoder: Encoder = base_models.encoder_for(base_model)
        self.limit = limit or self._known_limit()
        self._context = Context(contract, self.profile, self.encoder, self.limit, self.base_model)
        self._active: list[tuple[Rule, Severity]] = []
        self._speaking: dict[tuple[int, bool], list[tuple[Checking, Severity]]] = {}
        self._sound_roles: set[tuple[str, ...]] = set()  # sequences of roles that no rule about roles minds
        for rule in RULES.values():
            level = severity_of(rule.name, rule.severity, contract=contract, profile=self.profile)
            if level != "off" and rule.active(self._context):
                self._active.append((rule, level))
        self._requirements = [
            (part.text, RULES[part.rule], Context(part.contract, self.profile, self.encoder, self.limit))
            for part in contracts.requirements(contract)
        ]
        self.version = self._version()

    @property
    def limit_confirmed(self) -> bool:
        """Whether the limit is one that somebody states for good; True without a limit."""
        model = self.base_model
        return model is None or model.confirmed or self.limit != model.max_tokens

    def check(self, sample: Sample) -> tuple[Finding, ...]:
        """Every finding, the gravest first, then by position in the sample."""
        found: list[Finding] = []
        context = self._context
        has, roles = traits(sample)
        sound = roles in self._sound_roles
        speaking = self._speaking.get((has, sound))
        if speaking is None:  # at most 512 lists, of which most files need two
            speaking = self._speaking[has, sound] = [
                (rule.check, severity)
                for rule, severity in self._active
                if (not rule.needs or rule.needs & has) and not (sound and rule.by_roles)
            ]
        for check, severity in speaking:
            for finding in check(sample, context):
                found.append(finding if finding.severity == severity else replace(finding, severity=severity))
        if not found and not sound and all(roles) and len(self._sound_roles) < MOST_ROLES:
            self._sound_roles.add(roles)
        if len(found) > 1:
            if has & _SENSITIVE:
                found = discreet(found, sample)
            found.sort(key=_gravest_first)
        return tuple(found)

    def label(self, sample: Sample) -> str:
        """Which of the contract's labels the answer is, after the normalisers; "" for none or no labels."""
        labels = self.contract.labels
        answer = self._context.answer(sample) if labels else None
        if labels is None or answer is None:
            return ""
        text = answer.normalised(self.contract)
        return text if text in labels.values else ""

    def answer(self, sample: Sample) -> Answer | None:
        """The answer that the rules speak about, read once; None where there is none or only white space."""
        return self._context.answer(sample)

    def counted(self, sample: Sample) -> Counted:
        """The tokens of the sample in detail: turns, tools, template."""
        return self._context.counted(sample)

    def tokens(self, sample: Sample) -> int:
        """The tokens of the sample, as the trainer will count them (`encoder.exact`) or estimated."""
        return self._context.counted(sample).total

    def message_tokens(self, sample: Sample) -> list[int]:
        """The tokens of each turn; tools and the template around the conversation come on top."""
        return self._context.counted(sample).turns

    def cut(self, sample: Sample) -> Cut | None:
        """Where the limit cuts the sample; None when it fits or when there is no limit."""
        if self.limit is None:
            return None
        return tokens.cut(sample, self.encoder, self.limit, self.counted(sample))

    def requirements(self, sample: Sample) -> list[tuple[Text, bool, str]]:
        """The contract's sentences, each with whether the sample's answer meets it and the rule that says so."""
        answered = sample.answer is not None
        return [
            (text, answered and next(iter(rule.check(sample, context)), None) is None, rule.name)
            for text, rule, context in self._requirements
        ]

    def _known_limit(self) -> int | None:
        """The stricter one of what the base model and the provider take."""
        of_model = self.base_model.max_tokens if self.base_model else None
        return min((known for known in (of_model, self.profile.max_tokens) if known is not None), default=None)

    def _version(self) -> str:
        profile = self.profile
        parts = [
            contracts.to_data(self.contract),
            [
                profile.name,
                sorted(profile.roles),
                sorted(profile.message_keys),
                profile.binary_weights,
                profile.call_ids,
            ],
            [
                profile.images,
                profile.max_images,
                profile.max_image_bytes,
                sorted(profile.image_types),
                sorted(profile.image_forms),
            ],
            [self.encoder.name, self.limit, self.base_model.images if self.base_model else None],
            [(rule.name, rule.version, severity) for rule, severity in self._active],
        ]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _gravest_first(finding: Finding) -> tuple[int, int, str, int]:
    """Severity, then the turn as a number, then the path, then the offset."""
    parts = finding.path.split("/", 3)
    at = int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else -1
    return -RANK[finding.severity], at, finding.path, finding.start or 0
