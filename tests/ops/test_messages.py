"""Every sentence a person reads is in both languages, and the catalogues are kept without any gettext program."""

from __future__ import annotations

import gettext
from pathlib import Path

import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio import extraction, messages
from ftstudio.messages import Key

from .running import ROOT

CATALOGUE = messages.LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_python_sources_give_up_every_kind_of_message() -> None:
    source = """
_("plain"); Text("at most {n}", n=3); ngettext("one row", "%(n)s rows", n); pgettext("month", "May")
npgettext("c", "a cat", "many cats", n); gettext_lazy("two "
    "lines"); _(variable); say(_("inside %(x)s") % {"x": 1})
"""
    assert list(extraction.keys(source, template=False)) == [
        Key("plain"),
        Key("at most {n}"),
        Key("one row", "%(n)s rows"),
        Key("May", "", "month"),
        Key("a cat", "many cats", "c"),
        Key("two lines"),
        Key("inside %(x)s"),
    ]


def test_templates_give_up_every_kind_of_message() -> None:
    source = """{% load i18n %}<p title="{% translate 'Hello' %}">{% translate "May" context "month" %}
      {% blocktranslate trimmed count n=rows with who=user.name %}
        {{ n }} row of {{ who }}
      {% plural %}
        {{ n }} rows of {{ who }}
      {% endblocktranslate %} {{ _("Inline") }} {% include "x.html" with title=_("Argument") %}"""
    assert list(extraction.keys(source, template=True)) == [
        Key("Hello"),
        Key("May", "", "month"),
        Key("%(n)s row of %(who)s", "%(n)s rows of %(who)s"),
        Key("Inline"),
        Key("Argument"),
    ]


def test_what_only_passes_on_another_sentence_is_no_message(tmp_path: Path) -> None:
    (tmp_path / "ftstudio").mkdir()
    source = 'Text("{says}", says=x); _("%(a)s {b}"); Text("{where}: {problem}"); pgettext("list", ", ")'
    (tmp_path / "ftstudio" / "some.py").write_text(source)
    assert list(extraction.found_in(tmp_path)) == [Key("{where}: {problem}"), Key(", ", "", "list")]


def test_an_update_keeps_what_is_translated_drops_what_is_gone_and_guesses_nothing() -> None:
    empty = messages.read(Path("zh_Hans/LC_MESSAGES/none.po"))
    before = messages.updated(empty, {Key("Save"): ["a"], Key("Gone"): ["a"]})
    before.find("Save").msgstr = "保存"
    after = messages.updated(before, {Key("Save all"): ["a"], Key("Save"): ["b"]})
    assert [(entry.msgid, entry.msgstr, entry.fuzzy) for entry in after] == [
        ("Save all", "", False),
        ("Save", "保存", False),
    ]
    assert str(messages.updated(after, {Key("Save all"): ["a"], Key("Save"): ["b"]})) == str(after)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (polib.POEntry(msgid="Save", msgstr=""), "untranslated: 'Save'"),
        (polib.POEntry(msgid="Save", msgstr="保存", flags=["fuzzy"]), "fuzzy: 'Save'"),
        (polib.POEntry(msgid="Save", msgstr="保存", obsolete=True), "no longer used: 'Save'"),
        (polib.POEntry(msgid="{n} of {m}", msgstr="{n}"), "lost {m}: '{n} of {m}'"),
        (polib.POEntry(msgid="by %(who)s", msgstr="由"), "lost %(who)s: 'by %(who)s'"),
        (polib.POEntry(msgid="Save", msgstr="保存 {x}"), "made up {x}: 'Save'"),
        (polib.POEntry(msgid="a", msgid_plural="%(n)s b", msgstr_plural={0: ""}), "untranslated: 'a'"),
    ],
)
def test_what_is_wrong_is_said(entry: polib.POEntry, complaint: str) -> None:
    catalogue = polib.POFile()
    catalogue.append(entry)
    assert list(messages.complaints(catalogue)) == [complaint]


def test_a_plural_may_leave_the_number_out_of_its_singular() -> None:
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="one row", msgid_plural="%(n)s rows", msgstr_plural={0: "%(n)s 行"}))
    assert list(messages.complaints(catalogue, [Key("one row", "%(n)s rows")])) == []
    assert list(messages.complaints(catalogue, [])) == ["no longer used: 'one row'"]


@given(st.text())
def test_any_text_can_be_asked_for_its_placeholders(text: str) -> None:
    assert messages.placeholders("{name} %(other)s" + text.replace("{", "").replace("}", "").replace("%", "")) == {
        "{name}",
        "%(other)s",
    }
    messages.placeholders(text)


def test_a_catalogue_is_compiled_once_and_again_when_it_changes(tmp_path: Path) -> None:
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    catalogue = messages.updated(messages.read(source), {Key("Save"): ["a"]})
    catalogue.find("Save").msgstr = "保存"
    catalogue.save(str(source))
    assert messages.compile_stale(tmp_path) == [source.with_suffix(".mo")]
    assert messages.compile_stale(tmp_path) == []
    with source.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Save") == "保存"
    assert [path.name for path in source.parent.iterdir() if path.suffix not in {".po", ".mo"}] == []


@pytest.mark.skipif(not messages.read(CATALOGUE).translated_entries(), reason="nothing is translated yet")
def test_every_sentence_of_the_product_is_translated_into_chinese() -> None:
    found = extraction.found_in(ROOT)
    assert list(messages.complaints(messages.read(CATALOGUE), found)) == []
