"""What has to stay together in a split: the key of a sample, and the groups that keys in common make.

Samples that ask the same are always one group, whatever else they are grouped by: a question that stands in training
and in validation makes the validation worthless. So a group is everything that hangs together by the chosen key or by
the question. Keys are compared by 64 bits of a hash: two different keys that met there would only stay together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import blake2b

import numpy as np

from datasets_app.core.arrays import by_key, picked
from datasets_app.core.duplicates import question_fingerprint
from datasets_app.core.samples import Json, Sample
from datasets_app.core.splitting import NOWHERE, Column
from ftstudio.errors import InvalidInput, Text

DUPLICATES = "duplicates"  # samples with the same text
NEAR_DUPLICATES = "near-duplicates"  # clusters that the newest scan of the dataset has found
CONVERSATION = "conversation"  # samples cut out of one conversation
WORDS = (DUPLICATES, NEAR_DUPLICATES, CONVERSATION)  # anything else is a dotted path into a sample's other keys
STRATA = ("", "label", "tag")
_DOTTED = re.compile(r"[^.\x00]+(\.[^.\x00]+)*")
_CONVERSATION_KEYS = ("conversation_id", "conversation", "session_id", "dialogue_id", "dialog_id", "thread_id")


def checked_key(group_by: str) -> str:
    """The group key as it is stored. Raises `InvalidInput(group_by=…)` for what is neither a word nor a path."""
    group_by = group_by.strip()
    if group_by and (len(group_by) > 100 or not _DOTTED.fullmatch(group_by)):
        raise InvalidInput(
            group_by=Text(
                "Name a path such as metadata.doc, or {duplicates}, {near} or {conversation}, or leave it empty.",
                duplicates=DUPLICATES,
                near=NEAR_DUPLICATES,
                conversation=CONVERSATION,
            )
        )
    return group_by


def checked_keys(group_by: str) -> str:
    """Several keys, parted by commas, as they are stored: each as `checked_key` has it, each once."""
    named = dict.fromkeys(filter(None, (checked_key(name) for name in group_by.replace("，", ",").split(","))))
    return checked_key(", ".join(named))


def keys_of(group_by: str) -> tuple[str, ...]:
    """The keys of a stored `checked_keys`: what is alike in any of them stays together."""
    return tuple(group_by.split(", ")) if group_by else ()


def reads_payload(key: str) -> bool:
    """Whether the key is in the sample's content, and not in its narrow row."""
    return key not in (DUPLICATES, NEAR_DUPLICATES)


def content_key(sample: Sample, group_by: str) -> str | None:
    """The key that the content gives: the value at a dotted path, or the conversation; None where there is none."""
    if group_by == CONVERSATION:
        return conversation_key(sample)
    return written(value_at(sample.extras, group_by))


def conversation_key(sample: Sample) -> str:
    """Which conversation a sample was cut from.

    An id that the row itself carries decides (`conversation_id`, `session_id` … beside the messages or in
    `metadata`). Without one, samples that begin alike, up to and with the first user turn, are of one conversation:
    so they are when a dialogue was cut into one sample for each of its turns.
    """
    metadata = sample.extras.get("metadata")
    for place in (sample.extras, metadata):
        if isinstance(place, Mapping):
            for name in _CONVERSATION_KEYS:
                if (value := written(place.get(name))) is not None:
                    return f"{name}:{value}"
    first = next((at for at, message in enumerate(sample.messages) if message.role == "user"), 0)
    return question_fingerprint(Sample((*sample.messages[: first + 1],)))


def value_at(extras: Mapping[str, Json], path: str) -> Json:
    """The value at a dotted path; None where the way ends."""
    value: Json = extras
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def written(value: Json) -> str | None:
    """A value as a key: text as it is, other values as JSON; None for nothing."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def number(key: str) -> int:
    """64 bits of a key's hash."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def together(*columns: Column) -> Column:
    """For each sample the index of the first sample of its group; each column holds one kind of key.

    Two samples with an equal key in any column are of one group, and so is whatever hangs together by a chain of such
    pairs. The smallest index spreads over equal keys and is followed to where it points, which halves a chain's length
    every round, so that also a chain of a million ends in twenty.
    """
    first = np.arange(len(columns[0]), dtype=np.int32)
    shared = [(order, starts) for order, starts in map(_runs, columns) if len(starts)]
    while shared:
        before = first
        for order, starts in shared:
            pointed = picked(first, order)
            least = np.repeat(np.minimum.reduceat(pointed, starts), np.diff(starts, append=len(order)))
            spread = first.copy()
            spread[order] = least
            # The one that a sample pointed to belongs to the group as well.
            np.minimum.at(spread, pointed, least)
            first = picked(spread, spread)
        if len(shared) == 1 or np.array_equal(first, before):
            break
    return first


def _runs(keys: Column) -> tuple[Column, Column]:
    """The places of all that share their key with another one, key by key, and where among these each key begins."""
    orders, starts, met = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int32)], 0
    for places in by_key(keys):
        order = places[np.argsort(keys[places], kind="stable")]
        ordered = keys[order]
        begins = np.ones(len(order) + 1, dtype=bool)
        begins[1:-1] = ordered[1:] != ordered[:-1]
        several = ~(begins[:-1] & begins[1:])
        orders.append(order[several])
        starts.append((np.flatnonzero(begins[:-1][several]) + met).astype(np.int32))
        met += len(orders[-1])
    return np.concatenate(orders), np.concatenate(starts)


def over_groups(first: Column, values: Column, *, nothing: int = NOWHERE) -> tuple[Column, Column]:
    """The least and the greatest side of each group, at the index of its first sample; `nothing` is no side."""
    values = np.asarray(values, dtype=np.int8)
    none_yet = np.iinfo(np.int8).max
    least = np.full(len(first), none_yet, dtype=np.int8)
    greatest = np.full(len(first), nothing, dtype=np.int8)
    there = values != nothing
    np.minimum.at(least, first[there], values[there])
    np.maximum.at(greatest, first[there], values[there])
    least[least == none_yet] = nothing
    return least, greatest
