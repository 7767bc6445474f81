"""How long the samples list takes on the first page, at 90 %, filtered, and searched, seen from a loopback client.

    python -m benchmarks.list_pages [ROWS]

Bars at 100,000 samples: p50 < 25 ms and p95 < 50 ms on any page; text search p50 < 80 ms.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.data import CONTRACT, write
from benchmarks.stack import Door, Stack, query, spread, timed

LOGIN = """
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from ftstudio.accounts.models import User
user = User.objects.get(username="bench")
session = SessionStore()
session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "allauth.account.auth_backends.AuthenticationBackend",
                HASH_SESSION_KEY: user.get_session_auth_hash()})
session.save()
print(session.session_key)
"""


def main(rows: int) -> None:
    with Stack() as stack:
        file = Path(stack.folder.name) / "rows.jsonl"
        write(file, rows)
        dataset = stack.dataset(CONTRACT)
        stack.imported(dataset, file)
        session = stack.python(LOGIN).strip()
        browser = Door(stack.port)

        def page(**fields: str) -> int:
            """The samples part of the dataset page, as htmx asks for it."""
            headers = {"Cookie": f"sessionid={session}", "HX-Request": "true", "HX-Target": "samples"}
            answer = browser.ask("GET", f"/datasets/{dataset}/?{query(**fields)}", headers=headers)
            answer.read()
            return answer.status

        def api(**fields: str) -> int:
            return stack.door.call("GET", f"/api/v1/datasets/{dataset}/samples/?{query(**fields)}")[0]

        deep = f">{rows * 9 // 10}"
        for name, call in (("page", page), ("api ", api)):
            timed(20, lambda _, call=call: call())
            print(f"list    {name} first page     ", spread(timed(200, lambda _, call=call: call())))
            print(f"list    {name} at 90 %        ", spread(timed(200, lambda _, call=call: call(cursor=deep))))
            print(
                f"list    {name} status pending ",
                spread(timed(100, lambda _, call=call: call(status="pending", cursor=deep))),
            )
            print(
                f"list    {name} rule           ",
                spread(timed(100, lambda _, call=call: call(rule="terminal-punctuation"))),
            )
            for words in ("防水", "瓷砖胶", "AW30-02", f"第{rows * 3 // 4}号", "primer"):
                print(f"search  {name} {words:<14} ", spread(timed(60, lambda _, call=call, q=words: call(q=q))))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
