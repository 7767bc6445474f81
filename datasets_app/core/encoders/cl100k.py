"""cl100k: the vocabulary of gpt-3.5-turbo and gpt-4. The overhead is that of o200k."""

from __future__ import annotations

from datasets_app.core.encoders._bpe import BytePairs, Vocabulary
from ftstudio.errors import Text

PATTERN = "|".join((
    r"'(?i:[sdmt]|ll|ve|re)",
    r"[^\r\n\p{L}\p{N}]?+\p{L}++",
    r"\p{N}{1,3}+",
    r" ?[^\s\p{L}\p{N}]++[\r\n]*+",
    r"\s++$",
    r"\s*[\r\n]",
    r"\s+(?!\S)",
    r"\s",
))  # fmt: skip
VOCABULARY = Vocabulary(
    "llama_index",
    "core/_static/tiktoken_cache/9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    PATTERN,
)
ENCODER = BytePairs("cl100k", Text("OpenAI cl100k"), VOCABULARY, per_turn=3, per_name=1, per_sample=3)
