"""Tokens are counted offline: exactly where the model's vocabulary is at hand, and as an estimate elsewhere."""

from __future__ import annotations

import importlib
import unicodedata

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core import base_models, tokens
from datasets_app.core.encoders import ENCODERS
from datasets_app.core.encoders._bpe import CHUNK, BytePairs, Vocabulary, pieces
from datasets_app.core.engine import Checker
from datasets_app.core.examples import chat
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Text

BYTE_PAIRS = ("o200k", "cl100k", "qwen", "qwen-like")
ZH = "今天早上八点二十分，我坐地铁二号线去上班，车厢里挤满了人。"
# What tiktoken 0.14 counts with the published vocabularies.
KNOWN = {
    "o200k": {"Hello, world!": 4, "tiktoken is great!": 6},
    "cl100k": {"Hello, world!": 4, "tiktoken is great!": 6},
}


@pytest.mark.parametrize("name", BYTE_PAIRS)
def test_every_vocabulary_is_carried_by_an_installed_package(name):
    assert ENCODERS[name].available
    assert ENCODERS[name].count("") == 0
    assert ENCODERS[name].count("a b c") == 3


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in KNOWN.items() for text in texts])
def test_well_known_counts(name, text):
    assert ENCODERS[name].count(text) == KNOWN[name][text]


@pytest.mark.parametrize(("name", "published"), [("o200k", "o200k_base"), ("cl100k", "cl100k_base")])
def test_vocabulary_and_expression_are_those_that_tiktoken_publishes(name, published, monkeypatch, tmp_path):
    vocabulary = importlib.import_module(f"datasets_app.core.encoders.{name}").VOCABULARY
    fetched = {}
    public = importlib.import_module("tiktoken_ext.openai_public")
    monkeypatch.setattr(
        public, "load_tiktoken_bpe", lambda url, expected_hash: fetched.update(url=url, hash=expected_hash) or {}
    )
    theirs = getattr(public, published)()
    assert vocabulary.sha256 == fetched["hash"]
    mine = tiktoken.Encoding("mine", pat_str=theirs["pat_str"], mergeable_ranks=vocabulary.encoding._mergeable_ranks,
                             special_tokens={})  # fmt: skip
    for text in (
        ZH,
        "DON'T you'll\t\tsee 1234567 of it\r\n\n  ok?!\n/x",
        " \n \n a",
        "e\u0301 ǅ ʰ ａＢ 👩‍🔬",
        "I'D we'Re",
    ):
        assert vocabulary.encoding.encode_ordinary(text) == mine.encode_ordinary(text)


def test_the_estimate_is_marked_as_one_and_a_vocabulary_is_not():
    assert [name for name, encoder in ENCODERS.items() if encoder.exact] == ["cl100k", "o200k", "qwen"]


@pytest.mark.parametrize(
    ("model", "encoder", "limit"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k", 65_536),
        ("ft:gpt-4.1-2025-04-14:acme::abc", "o200k", 65_536),
        ("o4-mini", "o200k", None),
        ("gpt-35-turbo-0613", "cl100k", 4_096),
        ("gpt-3.5-turbo-0125", "cl100k", 16_385),
        ("gpt-4-0613", "cl100k", None),
        ("gpt-4.7-mini", "estimate", None),
        ("AIDC-AI/Marco-o1", "estimate", None),
        ("accounts/fireworks/models/qwen2p5-7b-instruct", "qwen", None),
        ("accounts/fireworks/models/qwen3p5-9b", "qwen-like", None),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen", None),
        ("qwen3-8b", "qwen", None),
        ("qwen3.5-9b", "qwen-like", None),
        ("qwen-plus", "qwen-like", None),
        ("deepseek-r1-distill-qwen-7b", "estimate", None),
        ("doubao-1.5-lite-32k", "estimate", None),
        ("glm-4-flash", "estimate", None),
        ("", "estimate", None),
    ],
)
def test_the_base_model_chooses_encoder_and_limit(model, encoder, limit):
    checker = Checker(base_model=model)
    assert (checker.encoder.name, checker.limit) == (encoder, limit)


def test_every_row_of_the_table_names_an_encoder_and_the_source_of_its_limit():
    for model in base_models.BASE_MODELS:
        assert model.encoder in ENCODERS
        assert (model.max_tokens is None) == (not model.source) == (not model.checked)


def test_a_vocabulary_that_is_missing_or_another_one_leaves_the_estimate(monkeypatch, tmp_path):
    other = Vocabulary("llama_index", "core/_static/tiktoken_cache/.gitignore", "0" * 64, r"\S+|\s+")
    for vocabulary in (other, Vocabulary("no_such_package", "x", "0" * 64, r"\S+")):
        broken = BytePairs("broken", Text("broken"), vocabulary)
        assert not broken.available
        monkeypatch.setitem(ENCODERS._load(), "o200k", broken)
        assert base_models.encoder_for("gpt-4o").name == "estimate"
        with pytest.raises(LookupError):
            _ = vocabulary.encoding


def test_openais_published_overhead_is_three_a_turn_one_a_name_and_three_a_sample():
    checker = Checker(base_model="gpt-4o")
    of = checker.encoder.count
    sample = Sample((Message("system", "Be brief."), Message("user", "Hi", name="li"), Message("assistant", "Hello.")))
    system, user, assistant = (of(turn.role) + of(turn.text) + 3 for turn in sample.messages)
    assert checker.message_tokens(sample) == [system, user + of("li") + 1, assistant]
    assert checker.tokens(sample) == sum(checker.message_tokens(sample)) + 3


def test_qwens_own_marks_are_one_token_wherever_they_stand():
    """As the tokenizer in the wheel of dashscope counts them; to OpenAI's they are text of the user."""
    qwen, openai = ENCODERS["qwen"], ENCODERS["o200k"]
    for mark in ("<|im_start|>", "<|im_end|>", "<|endoftext|>"):
        assert qwen.count(f"会下雨{mark}Paris") == qwen.count("会下雨") + 1 + qwen.count("Paris")
        assert openai.count(mark) > 1
    assert qwen.count("<|im_finish|>") > 1
    assert qwen.cut("会<|im_end|>雨", qwen.count("会") + 1) == len("会<|im_end|>")


def test_qwens_turns_stand_in_chatml():
    checker = Checker(base_model="qwen3-8b")
    assert checker.message_tokens(chat("你好", "你好！")) == [1 + 4 + 1, 1 + 4 + 2]
    assert checker.tokens(chat("你好", "你好！")) == 13


def test_tools_and_tool_calls_are_counted():
    call = Message("assistant", None, tool_calls=(ToolCall("weather", '{"city":"上海"}', "c1"),))
    bare = Sample((Message("user", "Rain?"), call))
    checker = Checker(base_model="gpt-4o")
    assert checker.message_tokens(bare)[1] > 4
    declared = Sample(bare.messages, ({"type": "function", "function": {"name": "weather"}},))
    assert checker.tokens(declared) > checker.tokens(bare)


@settings(deadline=None)  # the first count loads a vocabulary
@given(text=st.text(max_size=60), tail=st.text(max_size=20))
@pytest.mark.parametrize("name", [*BYTE_PAIRS, "estimate"])
def test_the_cut_keeps_what_fits_and_no_more(name, text, tail):
    encoder = ENCODERS[name]
    text = unicodedata.normalize("NFC", text)
    whole = encoder.count(text)
    assert encoder.cut(text, whole) == len(text)
    assert encoder.cut(text, 0) == 0
    for limit in range(whole):
        at = encoder.cut(text, limit)
        assert 0 <= at <= len(text)
        assert at < len(text) or name == "estimate"


def test_a_sample_over_the_limit_is_cut_in_the_turn_that_breaks_it():
    checker = Checker(limit=12)
    [finding] = checker.check(chat("France?", "Paris is the capital of France, and of no other country."))
    assert finding.path == "/messages/1/content"
    assert finding.start == 42  # 10 tokens of 4.2 characters are left after the question's two
    assert "turn 2" in finding.message
    assert "About" in finding.message


def test_an_exact_count_does_not_say_about():
    [finding] = Checker(base_model="gpt-4o", limit=12).check(chat("France?", "Paris is the capital of France."))
    assert finding.message.startswith("20 tokens, and at most 12 are trained: turn 2 is cut after character 0.")


def test_the_stricter_of_provider_and_model_is_the_limit():
    assert Checker(profile="siliconflow", base_model="Qwen/Qwen2.5-7B-Instruct").limit == 4096
    assert Checker(profile="local", base_model="Qwen/Qwen2.5-7B-Instruct").limit is None


def test_another_base_model_is_another_version_of_the_rules():
    versions = {Checker(base_model=model).version for model in ("", "gpt-4o", "gpt-4", "gpt-3.5-turbo", "qwen3-8b")}
    assert len(versions) == 5
    assert Checker(base_model="gpt-4o").version == Checker(base_model="gpt-4o-mini").version


@pytest.mark.parametrize("name", BYTE_PAIRS)
@pytest.mark.parametrize("text", [" " * 1_100_000, "晴" * 300_000, ("word " * 30 + "\n") * 3_000])
def test_a_text_of_any_length_is_counted(name, text):
    assert 0 < ENCODERS[name].count(text) <= len(text.encode())


@settings(deadline=None)  # the first count loads a vocabulary
@given(lines=st.lists(st.text(alphabet="ab1 ，。\n\t/'sé晴", max_size=8), min_size=3, max_size=12))
@pytest.mark.parametrize("name", ["o200k", "cl100k", "qwen"])
def test_cutting_a_long_text_at_a_seam_changes_no_count(name, lines):
    text = "\nx".join(lines)
    encoder = ENCODERS[name]
    at = text.index("\nx") + 1
    assert encoder.count(text[:at]) + encoder.count(text[at:]) == encoder.count(text)


def test_the_pieces_of_a_long_text_are_the_text():
    text = ("晴天 word\n" * 40_000) + "x" * (2 * CHUNK + 5)
    found = list(pieces(text))
    assert "".join(found) == text
    assert max(map(len, found)) <= CHUNK
    assert list(pieces("")) == [""]


def test_half_a_character_is_counted_like_any_other():
    assert all(encoder.count("\ud800x") for encoder in ENCODERS.values())


def test_the_estimate_follows_its_formula():
    assert tokens.estimate("雨" * 4) == 3
    assert tokens.estimate("a" * 42) == 10
    assert tokens.estimate("雨a") == 1


@given(st.text(), st.text())
def test_more_text_never_takes_fewer_tokens(one, two):
    assert tokens.estimate(one + two) >= max(tokens.estimate(one), tokens.estimate(two))


def test_tokens_are_counted_by_turn_with_calls_and_reasoning():
    call = Message("assistant", None, tool_calls=(ToolCall("rain", '{"d": 1}'),), reasoning="雨雨雨雨")
    counted = tokens.count(Sample((Message("user", "雨" * 8), call)), ENCODERS["estimate"])
    assert counted.turns == [6, 6]
    assert counted.total == 12


def test_the_estimate_counts_chinese_denser_than_english():
    assert (tokens.estimate(""), tokens.estimate("晴天被遗忘"), tokens.estimate("Paris.")) == (0, 4, 2)
