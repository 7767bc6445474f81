"""The check while somebody types: the desk's own form, a sample of 32 kB, over HTTP, each time with other words.

    python -m benchmarks.live_check [TIMES]

Bar: p95 < 100 ms for a 32 kB sample, in Chinese, in English and as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.data import CONTRACT, sample
from benchmarks.stack import Door, Stack, spread, timed

BYTES = 32 * 1024
EDGE = "ftstudio-benchmark"
SIGN_IN = """
import django; django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from ftstudio.accounts.models import ApiToken
user = ApiToken.objects.select_related("user").first().user
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""


def long(number: int, kind: str) -> str:
    """An answer of 32 kB out of the benchmark's own sentences; every fortieth breaks a rule."""
    step = {"zh": 1, "en": 4, "json": 1}[kind]
    first = number * 40 + (3 if kind == "en" else 0)
    answers, size, at = [], 0, first
    while size < BYTES:
        if kind == "en" or at % 4 != 3:
            answers.append(str(sample(at)["messages"][-1]["content"]))  # type: ignore[index]
            size += len(answers[-1].encode()) + 1
        at += step
    return json.dumps({"answers": answers}, ensure_ascii=False, indent=1) if kind == "json" else "\n".join(answers)


def form(fields: dict[str, str]) -> str:
    parts = (
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return "".join(parts) + f"--{EDGE}--\r\n"


def main(times: int) -> None:
    with Stack() as stack:
        dataset = stack.dataset(CONTRACT)
        file = Path(stack.folder.name) / "rows.jsonl"
        texts = {kind: long(number, kind) for number, kind in enumerate(("zh", "en", "json"))}
        turns = [[{"role": "user", "content": "问"}, {"role": "assistant", "content": text}] for text in texts.values()]
        file.write_text("".join(json.dumps({"messages": one}, ensure_ascii=False) + "\n" for one in turns), "utf-8")
        stack.imported(dataset, file)
        rows = stack.door.call("GET", f"/api/v1/datasets/{dataset}/samples/")[1]["results"]
        session = stack.python(SIGN_IN).strip()
        secret = "x" * 32
        headers = {
            "Content-Type": f"multipart/form-data; boundary={EDGE}",
            "Cookie": f"sessionid={session}; csrftoken={secret}",
        }
        door = Door(stack.port)
        for row, (kind, text) in zip(rows, texts.items(), strict=True):

            def check(n: int, row: dict[str, object] = row, text: str = text) -> int:
                middle = len(text) // 2  # where somebody types
                typed = f"{text[:middle]}{n}{text[middle:]}"
                fields = {
                    "csrfmiddlewaretoken": secret,
                    "base_revision": "1",
                    "turn": "a",
                    "a-from": "1",
                    "a-text": typed,
                }
                answer = door.ask("POST", f"/samples/{row['id']}/check/", form(fields).encode(), headers)  # type: ignore[arg-type]
                body = answer.read()
                assert answer.status == 200, body[:2000]
                return answer.status

            timed(10, check)
            print(f"check   32 kB {kind:5}", spread(timed(times, check)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
