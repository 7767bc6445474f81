"""How a tuned model is called so that it answers as it was trained to: from the inference contract to a request.

One place for the page's snippets, the playground and the gateway. The form of the answer decides the request:

    text            nothing more is asked for
    json-content    `response_format` json_object; it is sent only where the prompt speaks of JSON, as providers demand
    task-response   the one tool `task_response` with the contract's schema, and `tool_choice` that names it
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOOL = "task_response"
ANY_OBJECT: Mapping[str, Any] = {"type": "object"}
QUESTION = "…"
MAX_TOKENS = 4096  # of one answer, where the contract states no other limit: providers' own defaults cut long ones off


@dataclass(frozen=True, slots=True)
class Contract:
    """An inference contract, read: `written_as` is "text", "json-content" or "task-response".

    `temperature` None: its model takes none, so that none is sent.
    """

    system: str
    temperature: float | None
    written_as: str
    schema: Mapping[str, Any]
    rules: tuple[str, ...]
    afterwards: tuple[str, ...]
    max_tokens: int | None = None  # of one answer, as the contract states it

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Contract:
        """From `ModelVersion.contract` (or `Job.contract`); what is missing is as it is usual."""
        rules, decoding = data.get("contract") or {}, data.get("decoding") or {}
        found = rules.get("json") or {}
        return cls(
            system=str(data.get("system_prompt") or ""),
            temperature=decoding.get("temperature", 0),
            written_as=str(data.get("written_as") or "text"),
            schema=found.get("schema") or ANY_OBJECT,
            rules=tuple(name for name in ("text", "labels", "json", "symbols") if rules.get(name)),
            afterwards=tuple(str(name) for name in rules.get("normalisers") or ()),
            max_tokens=decoding.get("max_tokens"),
        )

    def request(self, model: str, question: str = QUESTION, *, answer_limit: str = "max_tokens") -> dict[str, Any]:
        """The body of a `/chat/completions` call in the OpenAI form.

        `answer_limit` is the provider's word for the most tokens of an answer (`providers.base.Provider.answer_limit`).
        """
        turns = [{"role": "system", "content": self.system}] if self.system else []
        body: dict[str, Any] = {"model": model, "messages": [*turns, {"role": "user", "content": question}]}
        decoding = {"temperature": self.temperature, answer_limit: self.max_tokens or MAX_TOKENS}
        return body | sent(decoding) | self.form(question)

    def form(self, question: str = "") -> dict[str, Any]:
        """The part of the body that asks for the form of the answer; empty for plain text."""
        if self.written_as == "task-response":
            function = {"name": TOOL, "parameters": dict(self.schema)}
            choice = {"type": "function", "function": {"name": TOOL}}
            return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
        if self.written_as == "json-content" and "json" in f"{self.system} {question}".lower():
            return {"response_format": {"type": "json_object"}}
        return {}


def sent(decoding: Mapping[str, Any]) -> dict[str, Any]:
    """What a decoding sends: what stands there as None is the model's own affair."""
    return {name: value for name, value in decoding.items() if value is not None}


def python_snippet(body: Mapping[str, Any], *, base_url: str, written_as: str = "text", stream: bool = False) -> str:
    """The call with the official `openai` package; run with API_KEY in the environment, it prints the answer.

    With `stream` the text of the answer is printed piece by piece as it is written.
    """
    body = {**body, "stream": True} if stream else body
    arguments = "".join(f"    {name}={_literal(value, 4)},\n" for name, value in body.items())
    if stream:
        head, tail = "import os\n", _PIECES
    elif written_as == "task-response":
        head, tail = (
            "import json\nimport os\n",
            "print(json.loads(reply.choices[0].message.tool_calls[0].function.arguments))\n",
        )
    elif written_as == "json-content":
        head, tail = "import json\nimport os\n", "print(json.loads(reply.choices[0].message.content))\n"
    else:
        head, tail = "import os\n", "print(reply.choices[0].message.content)\n"
    return (
        f"{head}\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url={base_url!r}, api_key=os.environ["API_KEY"])\n'
        f"reply = client.chat.completions.create(\n{arguments})\n{tail}"
    )


_PIECES = """for chunk in reply:
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)
"""


def curl_snippet(body: Mapping[str, Any], *, base_url: str) -> str:
    """The same call for a shell."""
    text = json.dumps(body, ensure_ascii=False, indent=2).replace("'", "'\\''")
    return (
        f"curl {base_url.rstrip('/')}/chat/completions \\\n"
        '  -H "Authorization: Bearer $API_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{text}'\n"
    )


def _literal(value: Any, indent: int) -> str:
    """A Python literal, lists and objects of more than a word over several lines."""
    if isinstance(value, dict) and value and len(repr(value)) > 60:
        inner = "".join(f"{' ' * (indent + 4)}{name!r}: {_literal(one, indent + 4)},\n" for name, one in value.items())
        return f"{{\n{inner}{' ' * indent}}}"
    if isinstance(value, list) and value:
        inner = "".join(f"{' ' * (indent + 4)}{_literal(one, indent + 4)},\n" for one in value)
        return f"[\n{inner}{' ' * indent}]"
    return repr(value)
