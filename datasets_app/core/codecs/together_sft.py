"""Together AI, supervised: OpenAI's messages in a closed form; a key that the platform does not know fails the file."""

from __future__ import annotations

from datasets_app.core import images
from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs._dialect import Dialect
from ftstudio.errors import Text


class TogetherSFT(ChatCodec):
    """Pictures as data URIs only, weights 0 or 1, a weight of the whole row; no names and no other keys."""

    name = "together-sft"
    label = Text("Together AI, supervised")
    dialect = Dialect(images=images.DATA, names=False, others=False)
    also = ("weight",)
    examples = (
        {
            "messages": [
                {"role": "system", "content": "You name capitals."},
                {"role": "user", "content": "France?"},
                {"role": "assistant", "content": "Lyon", "weight": 0},
                {"role": "user", "content": "Sure?"},
                {"role": "assistant", "content": "Paris", "reasoning_content": "The seat of government.", "weight": 1},
            ],
            "weight": 0.5,
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    ],
                },
                {"role": "assistant", "content": "A dot"},
            ]
        },
    )


CODEC = TogetherSFT()
