"""A role that the trainer does not know."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.codecs.base import KEYS
from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Listed, Text


class RoleUnknown(Rule):
    name = "role-unknown"
    by_roles = True
    title = Text("Unknown role")
    help = Text("Roles are system, user and assistant, and where tools are taught also tool. “human” or “bot” are not.")
    good = (chat("France?", "Paris", system="You name capitals."),)
    bad = (turns(("human", "Italy?"), ("user", "France?"), ("assistant", "Paris")),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        known = context.profile.roles
        for at, message in enumerate(sample.messages):
            if message.role not in known:
                if not message.role and "role" not in message.extras.get(KEYS, ("role",)):
                    continue  # the key is absent, which is another rule's finding
                role = message.role or str(message.extras.get("role", ""))
                yield self.found(
                    Text("The role “{role}” is not known: use {roles}.", role=role[:80],
                         roles=Listed(sorted(known))),
                    f"/messages/{at}/role",
                )  # fmt: skip


RULE = RoleUnknown()
