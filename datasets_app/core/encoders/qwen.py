"""Qwen's vocabulary (Qwen 1 to 3), with ChatML around the turns.

The file and the expression are those that Alibaba publishes in its dashscope package. A turn is written as
`<|im_start|>role⏎ … <|im_end|>⏎`: four marks beside role and text. Where a text itself holds such a mark, it is one
token as well: the tokenizer reads it so (see the rule `special-token`). `qwen-like` counts by the same vocabulary for
other models of the family: closer than the general estimate, and an estimate all the same.
"""

from __future__ import annotations

from datasets_app.core.encoders._bpe import BytePairs, Vocabulary
from ftstudio.errors import Text

PATTERN = "|".join((
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    r"[^\r\n\p{L}\p{N}]?\p{L}+",
    r"\p{N}",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*",
    r"\s*[\r\n]+",
    r"\s+(?!\S)",
    r"\s+",
))  # fmt: skip
VOCABULARY = Vocabulary(
    "dashscope",
    "resources/qwen.tiktoken",
    "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186",
    PATTERN,
    controls=("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
)
ENCODER = (
    BytePairs("qwen", Text("Qwen"), VOCABULARY, composed=True, per_turn=4),
    BytePairs(
        "qwen-like", Text("an estimate by Qwen's vocabulary"), VOCABULARY, exact=False, composed=True, per_turn=4
    ),
)
