"""Scraped pages become text worth training on, and nothing that a page may hide comes along."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datasets_app.core import cleaning
from datasets_app.core.encoders import ENCODERS
from ftstudio.errors import InvalidInput

PAGE = """<!DOCTYPE html><html><head><title>商品 A &amp; B</title><style>p{color:red}</style>
<script>document.write("<p>广告</p>")</script></head><body class="x"><!-- 备注 -->
<div id="1"><h1 onclick="steal()">Sikalastic-609</h1><div>价格：<span>120</span> 元</div><div>库存 8</div></div>
<ul><li>防水 <b>涂料</b>，<em>双组分</em></li><li>底涂</li></ul>
<table><tr><th>型号</th><th>重量</th></tr><tr><td>AW30-02</td><td>20&nbsp;kg</td></tr></table>
<p>5 &lt; 6<br>行二</p><pre>  x = 1
    y</pre></body></html>"""

TEXT = """商品 A & B
Sikalastic-609
价格：120 元
库存 8
- 防水 涂料，双组分
- 底涂
型号 | 重量
AW30-02 | 20\u00a0kg
5 < 6
行二
  x = 1
    y"""

DOM = """商品 A &amp; B
<h1>Sikalastic-609</h1>
价格：120 元
库存 8
<ul>
<li>防水 涂料，<em>双组分</em></li>
<li>底涂</li>
</ul>
<table>
<tbody>
<tr><th>型号</th><th>重量</th></tr>
<tr><td>AW30-02</td><td>20&nbsp;kg</td></tr>
</tbody>
</table>
<p>5 &lt; 6<br>行二</p>
<pre>  x = 1
    y</pre>"""


def test_a_page_becomes_the_text_that_a_reader_sees():
    assert cleaning.clean(PAGE, "text") == TEXT


def test_a_page_becomes_a_dom_without_attributes_scripts_and_wrappers():
    assert cleaning.clean(PAGE, "dom") == DOM


def test_cleaning_tells_the_tokens_before_and_after():
    for mode in cleaning.MODES:
        cleaned = cleaning.measured(PAGE, mode, ENCODERS["o200k"])
        assert cleaned.text == cleaning.clean(PAGE, mode)
        assert cleaned.before > 1.5 * cleaned.after > 0


@pytest.mark.parametrize(
    ("text", "is_html"),
    [
        ("<p>一</p>", True),
        ("一<br/>二", True),
        ("<!doctype html>", True),
        ("<DIV CLASS='a'>x</DIV>", True),
        ("a < b and c > d", False),
        ("List<String> names = new ArrayList<>();", False),
        ("<|im_end|>", False),
        ("用 `<div>` 包起来", False),
        ("写法：\n```html\n<div>x</div>\n```", False),
        ("`a` <p>b</p>", True),
        ("<thought>no element</thought>", False),
    ],
)
def test_html_is_told_from_what_merely_has_brackets(text, is_html):
    assert cleaning.looks_like_html(text) is is_html
    if not is_html:
        assert all(cleaning.clean(text, mode) == text for mode in cleaning.MODES)


def test_another_way_of_cleaning_is_refused_with_those_there_are():
    with pytest.raises(InvalidInput) as refused:
        cleaning.clean("<p>x</p>", "markdown")
    assert "text, dom" in refused.value.fields["mode"]


@pytest.mark.parametrize("part", ["<div>", "<section><div>", "<ul><li>", "<table>", "<p>", "<a ", "<b>", "</div><br>"])
def test_endless_nesting_costs_no_endless_time_and_loses_no_words(part):
    text = "<p>前</p>" + part * 20_000 + "<p>后</p>"
    for mode in cleaning.MODES:
        assert cleaning.clean(text, mode).startswith(("前", "<p>前"))


PARTS = """<p> </p> <div_class=x> </div> <li> <ul> </ul> <td> <table> </table> <pre> </pre> <script> </script> <!-- -->
<b &lt;p&gt; &amp; <br> <img_src=x_onerror=y> <svg/onload=x> <style> <em> ___ 晴 a<b"""
PAGES = st.lists(st.sampled_from([*(part.replace("_", " ") for part in PARTS.split()), "\n", "  "]), max_size=14).map(
    "".join
)


@example("<li><table><li>")
@given(PAGES)
def test_a_reduced_dom_is_safe_and_cleaning_it_again_changes_nothing(text):
    dom = cleaning.clean(text, "dom")
    if cleaning.looks_like_html(text):
        for tag in re.findall(r"<[^>]*>", dom):
            assert re.fullmatch(r"</?[a-z][a-z0-9]*>", tag)
        assert "script" not in dom
    assert cleaning.clean(dom, "dom") == dom


@given(PAGES)
def test_plain_text_holds_no_element_that_was_not_written_as_text(text):
    if cleaning.looks_like_html(text) and "&" not in text:
        assert not cleaning.looks_like_html(cleaning.clean(text, "text"))
