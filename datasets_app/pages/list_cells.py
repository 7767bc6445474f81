"""What stands in a row of the samples table: a drawing for each column of `core.listing`.

A screen has hundreds of cells, so they are put together here and not by a template for each; what many rows share (a
status, a moment, the address of the desk) is made once for the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from datasets_app.core import listing
from datasets_app.templatetags.datasets import lang_of
from ftstudio.accounts.models import User
from ftstudio.web.addresses import addresses
from ftstudio.web.templatetags.ui import badge, face, kilo, sev
from ftstudio.web.texts import say

from .list_rows import Row

NOTHING = SafeString()
STACKED = ("tokens", "findings", "comments", "cluster")  # bare numbers: on a phone the column's name stands beside them


class Cells:
    """Draws the rows of one screen in the reader's language; `query` is the part of the list that its desk goes by."""

    def __init__(self, columns: Sequence[str], query: str) -> None:
        self.columns = columns
        self.query = query
        self.opened, self.previewed = addresses("pages:sample-detail"), addresses("pages:sample-preview")
        self.begin = {name: _begin(listing.COLUMNS[name]) for name in columns}
        self.tick = _("Tick %(number)s")
        self.badge, self.finding = cache(badge), cache(_finding)
        self.moment, self.person = cache(_moment), cache(_person)

    def put_on(self, rows: Iterable[Row]) -> None:
        """Give each row where it leads, and its cells."""
        drawn = [DRAWN[name] for name in self.columns]
        for row in rows:
            row.url = f"{self.opened(row.sample.pk)}{self.query}"
            preview = f"{self.previewed(row.sample.pk)}{self.query}"
            row.leads = format_html('data-preview="{}" data-open="{}"', preview, row.url)
            row.cells = mark_safe("".join([self.ticked(row), *[draw(self, row) for draw in drawn]]))

    def cell(self, name: str, content: str, more: SafeString = NOTHING) -> str:
        """A cell of the column, with `more` attributes."""
        return f"{self.begin[name]}{more}>{conditional_escape(content)}</td>"

    def ticked(self, row: Row) -> str:
        label = self.tick % {"number": row.sample}
        return format_html(
            '<td class="tick"><input type="checkbox" name="at" value="{}" form="ticked" aria-label="{}"></td>',
            row.sample.position, label,
        )  # fmt: skip

    def text(self, row: Row) -> str:
        sample = row.sample
        link = format_html('<a href="{}"><b>{}</b></a>&ensp;{}', row.url, sample.title or sample, sample.snippet)
        return self.cell("text", link, lang_of(sample.title, sample.snippet))

    def label(self, row: Row) -> str:
        return self.cell("label", row.sample.label, lang_of(row.sample.label))

    def split(self, row: Row) -> str:
        return self.cell("split", self.badge(row.sample.split) if row.sample.split else NOTHING)

    def tags(self, row: Row) -> str:
        marks = ((lang_of(tag), tag) for tag in row.tags)
        return self.cell("tags", format_html_join("", '<span class="badge"{}>{}</span> ', marks))

    def cluster(self, row: Row) -> str:
        number = row.sample.cluster
        link = format_html('<a href="?cluster={}#samples">{}</a>', number, f"{number:04d}") if number else NOTHING
        return self.cell("cluster", link)


DRAWN: Mapping[str, Callable[[Cells, Row], str]] = {
    "number": lambda cells, row: cells.cell("number", str(row.sample)),
    "text": Cells.text,
    "finding": lambda cells, row: cells.cell("finding", cells.finding(row.severity, row.rule, row.more)),
    "findings": lambda cells, row: cells.cell("findings", str(row.sample.findings_total)),
    "status": lambda cells, row: cells.cell("status", cells.badge(row.sample.status)),
    "split": Cells.split,
    "label": Cells.label,
    "tags": Cells.tags,
    "tokens": lambda cells, row: cells.cell("tokens", kilo(row.sample.tokens)),
    "changed": lambda cells, row: cells.cell("changed", cells.moment(row.sample.changed_at)),
    "changed-by": lambda cells, row: cells.cell("changed-by", cells.person(row.changed_by)),
    "assigned": lambda cells, row: cells.cell("assigned", cells.person(row.assigned_to)),
    "decided-by": lambda cells, row: cells.cell("decided-by", cells.person(row.decided_by)),
    "comments": lambda cells, row: cells.cell("comments", str(row.sample.comments_open or "")),
    "cluster": Cells.cluster,
    "upload": lambda cells, row: cells.cell("upload", row.upload),
}


def _begin(column: listing.Column) -> SafeString:
    label = format_html(' data-label="{}"', say(column.label)) if column.name in STACKED else NOTHING
    return format_html('<td class="{}"{}', column.look, label)


def _finding(severity: str, rule: str, more: int) -> SafeString:
    """The gravest finding and how many more there are; a sample without any has passed."""
    if not severity:
        return sev("ok")
    others = format_html('<span class="dim">+{}</span>', more) if more else NOTHING
    return format_html(
        '<span class="row tight nowrap" title="{}">{}<code>{}</code>{}</span>', rule, sev(severity), rule, others
    )


def _moment(when: datetime) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', localtime(when).isoformat(), naturaltime(when))


def _person(person: User | None) -> SafeString:
    return format_html('<span class="row tight nowrap">{}{}</span>', face(person), person) if person else NOTHING
