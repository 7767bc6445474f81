"""Width and compatibility forms made equal, by the short way."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.widths import nfkc

CHINESE = st.text(st.sampled_from("基层，要：干；燥？！（ａ）\u3000e\u0301ﬁ①…～か\u3099"))


@given(st.text() | CHINESE)
def test_the_short_way_ends_where_unicode_says(text: str):
    assert nfkc(text) == unicodedata.normalize("NFKC", text)
