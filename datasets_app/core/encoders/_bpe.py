"""Byte-pair encoders by tiktoken, with vocabulary files that other packages carry in their wheels.

Those packages are found and never imported, and tiktoken's own loader is not used: it would fetch a file that is
missing. A file counts only with the sha256 that is written here.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import tiktoken

from datasets_app.core.encoders.base import Encoder
from ftstudio.errors import Text

CHUNK = 100_000  # characters given to tiktoken at once; on a million spaces its expressions run out of stack
_SHORT = 2_000  # characters; the system prompt and the roles come again in every sample
# A line break and a letter or digit after it never share a token, so a text may be cut between the two.
_SEAM = re.compile(r"\n(?=[^\W_])")


class Vocabulary:
    """The ranks of one vocabulary file: `package` is a top-level package, `file` lies in one of its folders.

    `controls` are the texts that the model's own tokenizer takes for one token each, wherever they stand.
    """

    def __init__(self, package: str, file: str, sha256: str, pattern: str, controls: tuple[str, ...] = ()) -> None:
        self.package = package
        self.file = file
        self.sha256 = sha256
        self.pattern = pattern
        self.controls = frozenset(controls)
        self._lock = Lock()
        self._encoding: tiktoken.Encoding | None = None

    @cached_property
    def content(self) -> bytes | None:
        """The bytes of the file; None where the package is not installed or carries another file."""
        try:
            spec = find_spec(self.package)
        except (ImportError, ValueError):
            return None
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(folder, self.file)
            if path.is_file() and hashlib.sha256(data := path.read_bytes()).hexdigest() == self.sha256:
                return data
        return None

    @property
    def encoding(self) -> tiktoken.Encoding:
        """Built at the first count, once per process. Raises `LookupError` without the file."""
        if self._encoding is None:
            with self._lock:
                self._encoding = self._encoding or self._built()
        return self._encoding

    def _built(self) -> tiktoken.Encoding:
        if self.content is None:
            raise LookupError(self.file)
        ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, self.content.splitlines())}
        controls = {text: len(ranks) + at for at, text in enumerate(sorted(self.controls))}
        return tiktoken.Encoding(self.sha256[:12], pat_str=self.pattern, mergeable_ranks=ranks, special_tokens=controls)

    def encode(self, text: str) -> list[int]:
        """The tokens of the text, in which a control text is one, as in training."""
        if self.controls and "<|" in text:
            return self.encoding.encode(text, allowed_special=self.controls, disallowed_special=())
        return self.encoding.encode_ordinary(text)


class BytePairs(Encoder):
    """Counts by a vocabulary. `composed`: the model reads composed characters (NFC) only."""

    def __init__(
        self, name: str, label: Text, vocabulary: Vocabulary, *, exact: bool = True, composed: bool = False,
        per_turn: int = 0, per_name: int = 0, per_sample: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.label = label
        self.exact = exact
        self.per_turn = per_turn
        self.per_name = per_name
        self.per_sample = per_sample
        self.counts_roles = True
        self._vocabulary = vocabulary
        self._composed = composed
        self._remembered = lru_cache(maxsize=512)(self._count)

    @property
    def available(self) -> bool:
        return self._vocabulary.content is not None

    def count(self, text: str) -> int:
        return self._remembered(text) if len(text) <= _SHORT else self._count(text)

    def cut(self, text: str, limit: int) -> int:
        kept = 0
        for piece in pieces(text):
            tokens = self._encode(piece)
            if len(tokens) > limit:
                return kept + self._characters(piece, tokens[: max(0, limit)])
            limit -= len(tokens)
            kept += len(piece)
        return kept

    def _count(self, text: str) -> int:
        if len(text) <= CHUNK:
            return len(self._encode(text))
        return sum(len(self._encode(piece)) for piece in pieces(text))

    def _encode(self, text: str) -> list[int]:
        if self._composed and not text.isascii():
            text = unicodedata.normalize("NFC", text)
        return self._vocabulary.encode(text)

    def _characters(self, text: str, tokens: list[int]) -> int:
        """The characters of `text` that these first tokens hold whole."""
        held = len(self._vocabulary.encoding.decode_bytes(tokens).decode("utf-8", "ignore"))
        return min(held, len(text))


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most `CHUNK` characters, cut where tokens end anyway.

    Where there is no such place, the cut falls anywhere, and may make one token of the text two.
    """
    start = 0
    while len(text) - start > CHUNK:
        end = start + CHUNK
        seams = [match.end() for match in _SEAM.finditer(text, start, end + 1) if match.end() <= end]
        end = seams[-1] if seams else end
        yield text[start:end]
        start = end
    yield text[start:] if start else text
