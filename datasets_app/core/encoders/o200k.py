"""o200k: the vocabulary of OpenAI's models from gpt-4o on.

The file and its hash are those that tiktoken expects; llama-index-core carries a copy under the name that tiktoken's
cache uses. The overhead of 3 tokens a turn, 1 a name and 3 a sample is that of the cookbook's “Data preparation
and analysis for chat model fine-tuning”.
"""

from __future__ import annotations

from datasets_app.core.encoders._bpe import BytePairs, Vocabulary
from ftstudio.errors import Text

_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_CONTRACTED = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PATTERN = "|".join((
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+{_CONTRACTED}",
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*{_CONTRACTED}",
    r"\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r"\s*[\r\n]+",
    r"\s+(?!\S)",
    r"\s+",
))  # fmt: skip
VOCABULARY = Vocabulary(
    "llama_index",
    "core/_static/tiktoken_cache/fb374d419588a4632f3f557e76b4b70aebbca790",
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    PATTERN,
)
ENCODER = BytePairs("o200k", Text("OpenAI o200k"), VOCABULARY, per_turn=3, per_name=1, per_sample=3)
