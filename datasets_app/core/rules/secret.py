"""A key, token or password that would be trained into the model."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core import sensitive
from datasets_app.core.examples import chat
from datasets_app.core.rules._sensitive import SensitiveRule
from datasets_app.core.sensitive import Spot
from datasets_app.core.traits import SECRETS
from ftstudio.errors import Text

_KEY = "sk-" + "a1B2c3D4e5F6g7H8i9J0"  # put together here, so that nobody takes it for a real one


class Secret(SensitiveRule):
    name = "secret"
    version = 3
    needs = SECRETS
    title = Text("Secret in the text")
    help = Text(
        "API keys, private keys, tokens and passwords. A model repeats what it was trained on, and a file that leaves "
        "the house takes them along. Values are shown masked."
    )
    good = (
        chat("How do I sign in?", "Put your key into the variable API_KEY=YOUR_KEY_GOES_HERE."),
        chat("What is a token?", "A piece of a word."),
        chat("怎么设密码？", "密码为 8-16 位，不要用 123456。"),
    )
    bad = (
        chat("It fails.", f"Use api_key = {_KEY} for now."),
        chat("怎么登录？", "初始密码：" + "Wq7Rt9Yp"),
        chat("-----BEGIN RSA PRIVATE KEY-----", "A key."),
    )
    said = Text("A secret ({kind}) stands here: {value}. Take it out, and have it replaced.")

    def spots(self, text: str) -> Iterator[Spot]:
        return sensitive.secrets(text)


RULE = Secret()
