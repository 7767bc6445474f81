"""What a sample has that a plain chat has not: one number, by which rules that have nothing to look at are left out."""

from __future__ import annotations

from datasets_app.core.samples import Sample

CALLS, TOOL_TURNS, WEIGHTS, FIELDS, EXTRAS, PARTS, BLANK, PAIR = (1 << bit for bit in range(8))


def traits(sample: Sample) -> tuple[int, tuple[str, ...]]:
    """The sample's traits in one number, and the roles of its turns. `PARTS`: a content that is no text, or none."""
    found = 0
    roles = []
    for message in sample.messages:
        roles.append(message.role)
        content = message.content
        if not isinstance(content, str):
            found |= PARTS
        elif not content or content.isspace():
            found |= BLANK
        if message.tool_calls:
            found |= CALLS
        if message.extras:
            found |= EXTRAS
        if message.weight is not None:
            found |= WEIGHTS
        if message.tool_call_id is not None or message.name is not None or message.reasoning is not None:
            found |= FIELDS
    if "tool" in roles:
        found |= TOOL_TURNS
    if sample.rejected:
        found |= PAIR
        if any(not isinstance(message.content, str) for message in sample.rejected):
            found |= PARTS
    return found, tuple(roles)
