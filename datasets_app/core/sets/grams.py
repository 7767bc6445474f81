"""Texts as sets of character n-grams, and those as MinHash sketches; the same on every machine and in every process.

A sketch is the smallest value of each of many hash functions over the set. The share of equal places of two sketches
estimates the Jaccard similarity of the two sets (A. Broder, 1997). All arithmetic is on whole arrays of 32 bits: on a
chunk of samples numpy is twice as fast at it as the compiled libraries are with their per-text calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from datasets_app.core.duplicates import plain
from datasets_app.core.images import addresses
from datasets_app.core.samples import Sample
from datasets_app.core.widths import nfkc

GRAM = 3  # characters
BANDS = 24
ROWS = 5  # hash functions in a band: two texts share a band with the chance s⁵, where s is their similarity
FUNCTIONS = BANDS * ROWS  # a similarity is estimated with a standard error of 0.04 at 0.7
LONGEST = 20_000  # characters of a text that count

_MIX = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35))
_FACTORS = np.random.Generator(np.random.PCG64(20_260_712)).integers(
    0, 2**32, size=FUNCTIONS, dtype=np.uint32
) | np.uint32(1)


def folded(sample: Sample) -> str:
    """Every turn but the system's, width and case made equal. `bare` makes of it what is compared.

    The system prompt is left out because it is the same in most sets and would make all samples alike. Texts beside
    different pictures have nothing in common: a set of pictures often asks the same of each.
    """
    texts = [message.text for message in sample.messages if message.role not in ("system", "developer")]
    if sum(map(len, texts)) + len(texts) <= LONGEST:
        text = "\n".join(map(plain, texts)).casefold()  # which fingerprints have asked for before
    else:
        text = nfkc("\n".join(texts)[:LONGEST]).casefold()
    if any(isinstance(message.content, list) for message in sample.messages) and (shown := addresses(sample)):
        return _beside(text, shown)
    return text


def _beside(text: str, shown: Sequence[str]) -> str:
    """The text in letters of a cipher whose key is the pictures: alike where they are the same, else not at all."""
    kept = np.frombuffer(bare([text])[0].encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    key = np.uint64(identity("\n".join(shown)) | 1)
    # Multiplicative hashing (M. Dietzfelbinger et al., 1997) of each character into letters that `bare` leaves.
    letters = ((kept + np.uint64(1)) * key >> np.uint64(32)) % np.uint64(_LETTERS) + np.uint64(_FIRST_LETTER)
    return letters.astype(np.uint32).tobytes().decode("utf-32-le")


def bare(texts: Sequence[str]) -> list[str]:
    """The letters and digits of texts, without punctuation and white space. Many at once, for speed."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kept = _counts()[np.minimum(codes, _BMP)]
    for at in np.flatnonzero(codes >= _BMP).tolist():
        kept[at] = chr(codes[at]).isalnum()
    behind = np.cumsum([0, *map(len, texts)])
    ends = np.concatenate(([0], np.cumsum(kept)))[behind].tolist()
    text = codes[kept].tobytes().decode("utf-32-le", "surrogatepass")
    return [text[start:end] for start, end in pairwise(ends)]


def comparable(sample: Sample) -> str:
    """What is compared of one sample."""
    return bare([folded(sample)])[0]


@cache
def _counts() -> NDArray[np.bool_]:
    """Which characters of the basic plane are letters or digits."""
    return np.array([*(chr(code).isalnum() for code in range(_BMP)), False])


_BMP = 0x10000
_FIRST_LETTER, _LETTERS = 0x4E00, 20_000  # Chinese characters, assigned in one row


def identity(text: str) -> int:
    """64 bits that stand for the text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def sketches(texts: Sequence[str]) -> NDArray[np.uint32]:
    """One row of `FUNCTIONS` values per text. A text shorter than a gram is one gram."""
    grams, starts = _grams([text if len(text) >= GRAM else text.ljust(GRAM, "\0") for text in texts])
    found = np.empty((len(texts), FUNCTIONS), dtype=np.uint32)
    hashed = np.empty_like(grams)
    for at, factor in enumerate(_FACTORS):
        np.multiply(grams, factor, out=hashed)
        found[:, at] = np.minimum.reduceat(hashed, starts)
    return found


def bands(sketched: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """One column per band: equal where all the band's values are, and else but by rare chance."""
    parts = sketched.reshape(len(sketched), BANDS, ROWS)
    found = np.zeros((len(sketched), BANDS), dtype=np.uint32)
    for at in range(ROWS):
        found = _mixed((found * _MIX[0]) ^ parts[:, :, at])
    return found


def _grams(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The hashes of all grams of all texts, one text after the other, and where each text's begin."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    hashed = np.zeros(len(codes) - GRAM + 1, dtype=np.uint32)
    for at in range(GRAM):
        hashed = _mixed((hashed * _MIX[0]) ^ codes[at : len(hashed) + at])
    ends = np.cumsum(lengths)
    inside = np.ones(len(hashed), dtype=bool)
    for back in range(1, GRAM):  # grams that begin in one text and end in the next are none
        inside[ends[:-1] - back] = False
    counts = lengths - GRAM + 1
    return hashed[inside], np.cumsum(counts) - counts


def _mixed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Every bit of the result depends on every bit of the value (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint32(16))
    values = values * _MIX[1]
    values = values ^ (values >> np.uint32(13))
    values = values * _MIX[2]
    return values ^ (values >> np.uint32(16))
