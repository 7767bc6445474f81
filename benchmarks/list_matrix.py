"""Every filter of the samples list in every order, on the first, second, a deep and the last page, and back again; then
pairs and triples of filters, with and without text: milliseconds of a page, worst ones first.

    python -m benchmarks.list_matrix [ROWS] [FOLDER] [COMBINATIONS] [SECONDS]
    python tests/services.py python -m benchmarks.list_matrix …                     # on PostgreSQL

Bars at a million samples: a page p95 < 60 ms under any filter, < 300 ms where text is searched for.

The rows are those of `benchmarks/skewed.py`, written straight into the tables, which takes some minutes; with a
folder they stay there. Thousands of pages are asked for as the views do (`browse.page`): what finding the rows takes.
The worst of each kind are then asked for as a browser does, through Django's test client: everything but the socket.
What a page takes is the better one of two tries, by the processor time of the process and of the PostgreSQL behind it,
where it took long at first.

Each kind has so many seconds (120): its lists come in an order drawn by lot, the same every time, and what is not
asked for by then is left out; how many were is said. Of filters by themselves each one's own p95 is said as well,
where it is over the bar.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from benchmarks import database

ORDERS = ("", "-number", "tokens", "-tokens", "findings", "-findings", "changed", "-changed")
PLAIN: dict[str, tuple[str, ...]] = {
    "status": (
        "pending", "accepted", "rejected", "skipped", "flagged", "in_review", "sent_back", "disputed", "trashed",
    ),
    "split": ("train", "validation", "test"),
    "worst": ("error", "warning", "hint", "clean"),
    "rule": (
        "terminal-punctuation", "symbol-spacing", "too-long", "echo", "sentence-count", "secret", "personal-data",
    ),
    "tag": ("常用", "少用", "罕用", "无"),
    "label": ("常见", "有时", "罕见", "无"),
    "cluster": ("5000",),
}  # fmt: skip
WHERE = (
    "status.not(accepted)", "status.any(flagged,disputed)", "rule.not(terminal-punctuation)", "rule.any(echo,secret)",
    "worst.not(clean)", "worst.any(error,warning)", "findings.min(3)", "findings.is(0)", "findings.max(1)",
    "tag.not(常用)", "tag.any(少用,罕用)", "label.not(常见)", "label.any(罕见,有时)", "split.not(train)",
    "split.any(validation,test)", "tokens.min(900)", "tokens.max(12)", "tokens.is(100)", "tokens.min(100)",
    "number.min({deep})", "number.max(100)", "rejected.is(yes)", "rejected.is(no)", "revisions.min(2)",
    "revisions.min(3)", "changed.after(2025-07-01)", "changed.before(2025-01-08)", "changed-by.is({person})",
    "changed-by.is(nobody)", "changed-by.not({person})", "assigned.is({person})", "assigned.is(nobody)",
    "decision.is(accept)", "decision.is(flag)", "decision.not(accept)", "decided.after(2025-06-10)",
    "decided.before(2025-03-10)", "decided-by.is({person})", "decided-by.is(nobody)", "guideline.min(2)",
    "guideline.is(9)", "annotated-by.is(nobody)", "annotated-by.is({person})", "comments.min(1)", "comments.min(3)",
    "duplicates.is(yes)", "duplicates.is(no)", "cluster.min({deep})", "upload.is({few})", "upload.is({pairs})",
    "upload.not({old})", "gold.is(yes)", "gold.is(no)", "text.lacks(防水)",
    "all(status.is(accepted),worst.is(error))", "any(rule.is(secret),tag.is(罕用))",
    "any(status.is(flagged),tokens.min(2000))", "not(any(status.is(pending),worst.is(clean)))",
    "all(tokens.max(30),any(worst.is(clean),label.is(罕见)))", "all(upload.is({few}),rejected.is(yes))",
)  # fmt: skip
WORDS = ("防水", "可以", "涂", "瓷砖胶", "不存在", "AW30-02", "primer", "zz", "第77号", "卫生间要用AW12-02做防水涂料")


class Took(NamedTuple):
    """Milliseconds of one page: of processor time and by the clock."""

    busy: float
    wall: float
    kind: str
    said: str
    query: dict[str, str]


class Case(NamedTuple):
    """A list to be asked for, and which of its pages."""

    asked: dict[str, str]
    order: str
    pages: Iterable[str]


@dataclass(slots=True)
class Matrix:
    """`deep` and `last` are cursors, by order: the middle of the dataset, and behind its end."""

    rows: int
    dataset: Any
    client: Any
    deep: dict[str, str]
    last: dict[str, str]
    times: list[Took] = field(default_factory=list)

    def walk(self, kind: str, asked: dict[str, str], order: str, *, pages: Iterable[str]) -> None:
        cursors: dict[str, str] = {"first": "", "deep": self.deep[order], "last": self.last[order]}
        for page in pages:
            if (cursor := cursors.get(page)) is None:
                continue
            later, earlier = self.page(kind, asked, order, page, cursor)
            if page == "first" and later:
                cursors["next"] = later
            elif page == "next" and earlier:
                cursors["back"] = earlier

    def page(self, kind: str, asked: dict[str, str], order: str, page: str, cursor: str) -> tuple[str, str]:
        from datasets_app.services import browse

        filters = browse.Filters.parse(asked, me=self.dataset.created_by_id)
        said = " ".join(f"{name}={value}" for name, value in asked.items())
        found: list[Any] = []

        def ask() -> None:
            found[:] = [browse.page(dataset=self.dataset, filters=filters, order=order, cursor=cursor)]
            browse.total(dataset=self.dataset, filters=filters)

        query = {**asked, **({"order": order} if order else {}), **({"cursor": cursor} if cursor else {})}
        self.times.append(Took(*timed(ask, 20), kind, f"{said or 'everything'} · {order or 'number'} · {page}", query))
        return found[0].later, found[0].earlier

    def whole(self, query: dict[str, str]) -> tuple[float, float]:
        """The part of the page that htmx asks for, built and all."""

        def ask() -> None:
            answer = self.client.get(f"/datasets/{self.dataset.pk}/", query, headers=PART)
            assert answer.status_code == 200, (answer.status_code, query)

        return timed(ask, 40)

    def stage(self, kind: str, cases: Iterable[Case], bar: int, seconds: float) -> None:
        """Each of the cases, or as many as there is time for, and what they took."""
        drawn = list(cases)
        random.Random(7).shuffle(drawn)
        end, asked = time.monotonic() + seconds, 0
        for case in drawn:
            if time.monotonic() > end:
                break
            self.walk(kind, case.asked, case.order, pages=case.pages)
            asked += 1
        print(f"{kind:<8} {asked} of {len(drawn)} lists asked for, in {seconds:.0f} s")
        self.report(kind, bar)

    def report(self, kind: str, bar: int, worst: int = 8) -> None:
        mine = sorted((row for row in self.times if row.kind == kind), key=lambda row: -row.busy)
        for name in ("busy", "wall"):
            ordered = sorted(getattr(row, name) for row in mine)
            cut = {share: _cut(ordered, share) for share in (50, 95, 99)}
            print(
                f"{kind:<8} {name}  p50 {cut[50]:6.1f} ms   p95 {cut[95]:6.1f} ms   p99 {cut[99]:6.1f} ms   "
                f"max {ordered[-1]:6.1f} ms   over {bar} ms: {sum(one > bar for one in ordered)} of {len(ordered)}"
            )
        if kind in ("single", "where"):
            self._by_filter(mine, bar)
        for row in mine[:worst]:
            busy, wall = self.whole(row.query)
            print(f"    {row.busy:7.1f} ms, as a page {busy:7.1f} ({wall:7.1f} by the clock)  {row.said}")
        sys.stdout.flush()

    def _by_filter(self, mine: list[Took], bar: int) -> None:
        taken: dict[str, list[float]] = {}
        for row in mine:
            taken.setdefault(row.said.split(" · ")[0], []).append(row.busy)
        own = sorted(((_cut(sorted(times), 95), said) for said, times in taken.items()), reverse=True)
        over = [(p95, said) for p95, said in own if p95 > bar]
        print(f"    {len(over)} of {len(own)} filters have a p95 of their own over {bar} ms")
        for p95, said in over:
            print(f"    {p95:7.1f} ms  p95 of {len(taken[said])} pages  {said}")


def _cut(ordered: list[float], share: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def timed(ask: Callable[[], None], long: float) -> tuple[float, float]:
    """Milliseconds of processor time and by the clock; the better try of two where the first took `long`."""
    taken: list[tuple[float, float]] = []
    while len(taken) < 2 and (not taken or taken[0][0] > long):
        busy, started = _busy(), time.perf_counter()
        ask()
        taken.append((1000 * (_busy() - busy), 1000 * (time.perf_counter() - started)))
    return min(taken)


def _busy() -> float:
    """Seconds of processor time that this process has taken, and PostgreSQL for it."""
    from django.db import connection

    return time.process_time() + database.mine(connection)


PART = {"HX-Request": "true", "HX-Target": "samples"}
ALL = ("first", "next", "back", "deep", "last")


def main(rows: int, folder: str, most: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as spare:
        matrix = prepared(rows, folder or spare)
        singles = [{name: value} for name, values in PLAIN.items() for value in values]
        conditions = [{"where": _filled(where, matrix)} for where in WHERE]
        words = [{"q": word} for word in WORDS]
        for order in ORDERS:  # what is slow only once is not what is asked about
            matrix.walk("warm", {}, order, pages=("first",))
        for kind, asked, pages, bar in (
            ("single", [{}, *singles], ALL, 60),
            ("where", conditions, ("first", "next", "deep", "last"), 60),
            ("search", words, ALL, 300),
        ):
            matrix.stage(kind, (Case(one, order, pages) for one in asked for order in ORDERS), bar, seconds)
        chance = random.Random(7)
        for kind, bar, texts in (("several", 60, [{}]), ("beside", 300, words)):
            drawn = chosen([*singles, *conditions], texts, most, chance)
            cases = [
                Case(asked, order, ("first", "deep", "last")) for asked in drawn for order in chance.sample(ORDERS, 2)
            ]
            matrix.stage(kind, cases, bar, seconds)
        pairs = [{**one, **other} for one, other in combinations(singles, 2) if one.keys().isdisjoint(other)]
        cases = [Case(asked, chance.choice(ORDERS), ("first", "deep")) for asked in pairs]
        matrix.stage("pairs", cases, 60, seconds)


def chosen(
    sort: list[dict[str, str]], texts: list[dict[str, str]], most: int, chance: random.Random
) -> Iterator[dict[str, str]]:
    """Pairs and triples of different filters, each with one of the texts."""
    for _ in range(most):
        asked: dict[str, str] = dict(chance.choice(texts))
        for one in chance.sample(sort, chance.choice((2, 2, 3)) - bool(asked)):
            asked = {**one, **asked}
        yield asked


def prepared(rows: int, folder: str) -> Matrix:
    os.environ.setdefault("FTSTUDIO_VAR", folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from benchmarks import skewed
    from datasets_app.models import Sample
    from datasets_app.services import ordering

    call_command("migrate", verbosity=0)
    dataset = skewed.fill(rows)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(dataset.created_by, backend="allauth.account.auth_backends.AuthenticationBackend")
    deep, last = {}, {}
    samples = Sample.objects.filter(dataset=dataset)
    for order in ORDERS:
        name, falling = order.removeprefix("-"), order.startswith("-")
        if name in ordering.ORDERS:
            column = ordering.ORDERS[name]
            by = samples.order_by(column.name, "position").values_list(column.name, "position")
            (value, number) = by[rows // 2]
            deep[order] = f">{column.number(value)}.{number}"
            end = by.first() if falling else by.last()
            assert end
            edge = column.number(end[0]) - 1 if falling and column.number(end[0]) else column.number(end[0]) + 1
            last[order] = f"<{edge if edge >= 0 else 0}.{0 if falling else rows + 1}"
            if falling and not column.number(end[0]):
                last[order] = "<0.0"
        else:
            deep[order] = f">{rows // 2}"
            last[order] = "<0" if falling else f"<{rows + 1}"
    return Matrix(rows, dataset, client, deep, last)


def _filled(where: str, matrix: Matrix) -> str:
    uploads = {upload.name.removesuffix(".jsonl"): upload.pk for upload in matrix.dataset.uploads.all()}
    return where.format(deep=matrix.rows // 2, person=matrix.dataset.created_by_id + 1, **uploads)


if __name__ == "__main__":
    given = sys.argv[1:] + ["1000000", "", "150", "120"][len(sys.argv) - 1 :]
    main(int(given[0]), given[1], int(given[2]), float(given[3]))
