"""What the searching rules find and what they rightly leave alone: values, secrets, labels, copies, pictures."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core import contracts, discretion, json_answers, labels, numerals, sensitive, titles, tokens, variants
from datasets_app.core.engine import Checker
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.sets import shapes

RAIN = ("会下雨", "不会下雨")
GROUNDED = {"text": {"grounded": True}}


def check(sample: Sample, data=None, **setting) -> tuple[Finding, ...]:
    return Checker(contracts.parse(data or {}), **setting).check(sample)


# Labels


@pytest.mark.parametrize(
    "answer",
    [
        "会下雨。",
        " 会下雨",
        "“会下雨”",
        "**会下雨**",
        "会下雨！\n",
        "【会下雨】",
        "\u200b会下雨",
        "会 下雨",
        "会下雨…",
        "會下雨",
        "會下雨。",
    ],
)
def test_a_near_miss_is_mended_to_its_label(answer):
    [finding] = [one for one in check(chat("明天？", answer), {"labels": {"values": list(RAIN)}})
                 if one.rule == "label-unknown"]  # fmt: skip
    assert finding.fix is not None
    assert finding.fix.apply(answer) == "会下雨"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("看样子会下雨", ["会下雨"]),
        ("看样子不会下雨", ["不会下雨"]),
        ("不会下雨，也可能会下雨", ["不会下雨", "会下雨"]),
        ("晴", []),
    ],
)
def test_the_longest_label_is_found_first(text, held):
    assert labels.within(text, RAIN) == held


def test_a_negated_label_is_not_that_label():
    assert labels.within("明天不会下雨", ("会下雨",)) == []
    assert labels.within("It is not spam", ("spam",)) == []
    assert labels.within("spammer", ("spam",)) == []
    assert labels.nearest("不会下雨。", ("会下雨",)) is None


def test_letter_case_and_width_are_near_unless_two_labels_differ_by_them():
    assert labels.nearest("Ｓｐａｍ.", ("spam", "ham")) == "spam"
    assert labels.nearest("SPAM", ("spam", "Spam")) is None
    assert labels.nearest("not  Spam", ("spam", "not spam")) == "not spam"
    assert labels.nearest("~", ("~", "+")) == "~"


def test_c_sharp_is_not_c():
    assert labels.nearest("C#", ("C", "Java")) is None
    assert labels.nearest("**C#**。", ("C#", "C")) == "C#"
    assert labels.nearest("#C#", ("C", "Java")) == "C"
    assert labels.nearest("Ｃ＃", ("C", "C#")) == labels.nearest("Ｃ#", ("C", "C#")) == "C#"


def test_a_label_in_traditional_characters_is_near_and_one_of_each_is_two_labels():
    assert labels.nearest("退貨", ("退货", "换货")) == "退货"
    assert labels.nearest("退货", ("退貨", "換貨")) == "退貨"
    assert labels.nearest("发。", ("發", "髮")) is None
    assert labels.nearest("著作", ("着作", "原创")) is None
    assert len(variants.TRADITIONAL) == len(set(variants.TRADITIONAL)) == len(variants.SIMPLIFIED)
    assert not set(variants.TRADITIONAL) & set(variants.SIMPLIFIED)
    assert all(char.encode("gb2312") for char in variants.SIMPLIFIED)


def test_a_negation_stands_before_a_space_too():
    assert labels.nearest("不 会下雨", RAIN) == "不会下雨"
    assert labels.within("我看不 会下雨", RAIN) == []
    assert labels.within("没有垃圾邮件", ("垃圾邮件",)) == []


def test_a_label_of_hundreds_is_found_by_its_whole_name():
    many = tuple(f"类别{at}" for at in range(500))
    assert labels.nearest("类别 12。", many) is None
    assert labels.nearest("类别12。", many) == "类别12"
    assert labels.within("看来是类别123", many) == ["类别123"]


def test_a_word_of_a_foreign_script_is_one_finding():
    found = check(chat("译", "译文：હાઇડ્રેન્ટ"), {"text": {"scripts": ["Han"]}})
    assert [(one.rule, one.start, one.end) for one in found] == [("script-leak", 3, 13)]
    assert not check(chat("面积", "面积是πr"), {"text": {"scripts": ["Han", "Latin"]}})
    assert check(chat("写", "写 α和о"), {"text": {"scripts": ["Han"]}})  # the second is Cyrillic


@given(st.sampled_from(RAIN), st.text(alphabet=" 。.！\n“”*", max_size=4), st.text(alphabet=" 。.！\n“”*", max_size=4))
def test_the_fix_of_a_near_miss_clears_the_finding(label, before, after):
    answer = before + label + after
    data = {"labels": {"values": list(RAIN)}}
    for finding in check(chat("明天？", answer), data):
        if finding.rule == "label-unknown":
            assert finding.fix is not None
            assert "label-unknown" not in [one.rule for one in check(chat("明天？", finding.fix.apply(answer)), data)]


# Values and their source


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,000 人", ("1000",)),
        ("１２．５０元", ("12.5",)),
        ("二〇一〇年", ("2010",)),
        ("二零一零年", ("2010",)),
        ("两千零一十", ("2010",)),
        ("一百二十", ("120",)),
        ("十五", ("15",)),
        ("三万五千", ("35000",)),
        ("一亿二千万", ("120000000",)),
        ("1.2万", ("1.2", "12000")),
        ("三点一四", ("3.14",)),
        ("007", ("7",)),
        ("三千五", ("3500",)),
        ("一万二", ("12000",)),
        ("一百零二", ("102",)),
        ("3万5千", ("35000",)),
        ("3百", ("3", "300")),
        ("2万亿", ("2", "2000000000000")),
        ("三万亿，二百万亿", ("3000000000000", "200000000000000")),
        ("百分之五", ("5",)),
        ("50kg，10k", ("50", "10", "10000")),
        ("5G 网络，3rd", ()),
        ("2024.03.05", ("2024", "3", "5")),
        ("2024年三月五日", ("2024", "3", "5")),
        ("五六百人，两三个，一五一十", ()),
        ("192.168.1.1", ()),
        ("一定", ()),
        ("三五天", ()),
        ("万一", ()),
        ("GPT-4 与 H2O", ("4",)),
        ("1. 甲\n2. 乙", ()),
    ],
)
def test_a_number_is_read_in_whatever_spelling(text, values):
    assert tuple(value for number in numerals.stated(text) for value in number.values) == values


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("成立于2010年5月3日", "2010-05-03"),
        ("下午三点开会", "15:00"),
        ("at 3 pm", "15:00"),
        ("two of May", "5 月 2 日"),
        ("体重50kg，预算10k", "50 公斤，10000 元"),
        ("at 3pm, half past five", "3 点，5:30"),
        ("2024.03.05 与 2023.7", "2024年3月5日，2023年7月"),
        ("20240305", "2024-03-05"),
        ("2024年3月5日", "20240305，2024.03"),
        ("从 2022-04-15T10:30:00 起", "10:30"),
        ("十点半", "10:30"),
        ("八点二十开会，三点零五分散会", "8:20 至 3:05"),
        ("24年入职", "2024 年"),
        ("three hundred and five people, twenty-one teams, 1.2 million users", "305 人，21 队，1200000 用户"),
        ("奖金三千五", "3500 元"),
        ("100,200,300", "100、200"),
        ("员工 12,000 人", "1.2万人"),
        ("百分之五十", "50%"),
        ("张三写了《活着》，住在 New York", "《活着》，New York"),
        ("use Python", "Python is used. It works."),
    ],
)
def test_another_spelling_of_a_value_is_grounded(source, answer):
    assert "ungrounded-value" not in [one.rule for one in check(chat(source, answer), GROUNDED)]


@pytest.mark.parametrize(
    ("source", "answer", "value"),
    [
        ("增长百分之三", "增长百分之五", "五"),
        ("2024年3月5日", "二〇二四年四月五日", "四"),
        ("体重50kg", "体重5公斤", "5"),
        ("奖金三千五", "奖金3005元", "3005"),
    ],
)
def test_another_value_is_not_grounded_by_a_part_of_a_number(source, answer, value):
    found = [one for one in check(chat(source, answer), GROUNDED) if one.rule == "ungrounded-value"]
    assert [answer[one.start : one.end] for one in found] == [value]


def test_2021_is_flagged_where_the_source_says_2010():
    answer = "公司成立于2021年，员工二百人。"
    found = check(chat("公司成立于2010年，员工二百人。", answer), GROUNDED)
    assert [(one.rule, one.severity, answer[one.start : one.end]) for one in found] == [
        ("ungrounded-value", "warning", "2021")
    ]


def test_a_number_that_belongs_to_a_person_is_masked_by_this_rule_too():
    found = check(chat("怎么联系？", "拨打 13912345678。"), GROUNDED)
    assert {one.rule for one in found} == {"ungrounded-value", "personal-data"}
    assert not any("13912345678" in one.message for one in found)


@pytest.mark.parametrize(
    ("question", "answer", "data"),
    [
        ("标签？", "13912345678", {"labels": {"values": ["是", "否"]}}),
        (
            "标签？",
            "这一条的标签写在这里，请打电话 sk-" + "4fG7hJ2kL9mN3pQ5rS8t 问",
            {"labels": {"values": ["是", "否"]}},
        ),
        ("sk-" + "4fG7hJ2kL9mN3pQ5rS8t", "钥匙是 sk-" + "4fG7hJ2kL9mN3pQ5rS8t。", {"text": {"no_echo": True}}),
        ("139-1234-5678", "拨打 139–1234-5678。", {"symbols": {"tight": ["-"], "verbatim": True}}),
        ("钥匙", "sk-" + "4fG7hJ2kL9mN3pQ5rS8t", {"text": {"grounded": ["names"]}}),
        ("钥匙", "ghp_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHi1", {"text": {"scripts": ["Han"]}}),
        ("写", "拨 13912345678", {"text": {"forbid": ["1\\d{10}"]}}),
        ("写", '{"tel": "13912345678"}', {"json": {"schema": {"properties": {"tel": {"enum": ["a"]}}}}}),
    ],
)
def test_no_rule_says_a_key_or_a_number_of_a_person(question, answer, data):
    found = check(chat(question, answer), data)
    assert {one.rule for one in found} - {"secret", "personal-data"} or "json" in data
    for finding in found:
        for value in ("4fG7hJ", "1391234", "139-1234", "139–1234", "aBcDeFg"):
            assert value not in finding.message, finding


def test_a_value_inside_json_is_pointed_at():
    data = {"json": {"schema": {"type": "object"}}, "text": {"at": "/year", "grounded": ["numbers"]}}
    [finding] = check(chat("2010 年成立", '{"year": "2021"}'), data)
    assert (finding.rule, finding.start, finding.end) == ("ungrounded-value", 10, 14)


def test_results_of_tools_and_the_prompt_are_source_too():
    sample = Sample((Message("system", "税率 13%"), Message("user", "算"), Message("tool", "total=226"),
                     Message("assistant", "含税 226，税率 13%。")))  # fmt: skip
    assert "ungrounded-value" not in [one.rule for one in check(sample, GROUNDED)]


@settings(deadline=None)
@given(st.text(alphabet="一二三十百千万亿零点年月日1,. 20T:/-kKgG", max_size=30))
def test_whatever_a_text_states_it_also_knows(text):
    known = numerals.known(text)
    for number in numerals.stated(text):
        assert set(number.values) <= known
        assert len(text[number.start : number.end]) == len(number.text)


# Secrets and personal data


@pytest.mark.parametrize("whole", [True, False])
def test_of_a_private_key_a_list_shows_no_line(whole):
    lines = ["-----BEGIN " + "RSA PRIVATE KEY-----", *("MIIEpAIBAAKCAQEA7bq9" * 3 for _ in range(4))]
    key = "\n".join([*lines, "-----END " + "RSA PRIVATE KEY-----"] if whole else lines)
    sample = chat("看 " + key + "\n好", "好")
    found = check(sample)
    assert [(one.rule, one.start, one.end) for one in found] == [("secret", 2, 2 + len(key))]
    assert "MIIE" not in discretion.shown(titles.title(sample), sample, found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "Z7Q2M4N8P1R5T9W3", "API key"),
        ("key: sk-" + "proj-4fG7hJ2kL9mN3pQ5rS8t", "API key"),
        ("ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "API key"),
        ('{"api_key": "' + "9f8e7d6c5b4a39281706" + '"}', "password or key"),
        ("API key is " + "9f8e7d6c5b4a39281706", "password or key"),
        ("密码是 " + "Wq7Rt9Yp2Lk4Mn8Zx1", "password or key"),
        ("postgres://app:" + "S3cr3tW0rd@db.acme-corp.cn/x", "password in an address"),
        ("postgres://app:" + "p@ss(w0rd)@db.acme-corp.cn/x", "password in an address"),
        ("密码：" + "Wq7Rt9Yp，", "password or key"),
        ("The password is " + "Tr4nsf0rm!", "password or key"),
        ("银行卡密码是 " + "839201", "password or key"),
        ('{"password": "' + "zhang2024x" + '"}', "password or key"),
        ("密码是：" + "Wq7Rt9x", "password or key"),
        ("password is: " + "Tr4nsf0rm!", "password or key"),
        ("toKen=" + "9f8e7d6c5b4a39281706", "password or key"),
        ("DB_PASSWD=" + "a8-x3k9q", "password or key"),
        ("AKID" + "z8krbsJ5yKBZQpn74WFkmLPx3gnPhESA", "API key"),
        ("sk_" + "live_" + "a1B2c3D4e5F6g7H8i9J0k1L2", "API key"),
        ("-----BEGIN PRIVATE KEY-----", "private key"),
        ("-----BEGIN PGP " + "PRIVATE KEY BLOCK-----", "private key"),
        ("eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "access token"),
    ],
)
def test_a_secret_is_found_and_never_said(text, kind):
    [spot] = sensitive.secrets(text)
    assert spot.kind == kind
    [finding] = [one for one in check(chat("怎么连？", text)) if one.rule == "secret"]
    assert finding.severity == "error"
    assert text[spot.start : spot.end] not in finding.message
    assert spot.masked in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "api_key = YOUR_API_KEY_HERE",
        "The key to success is a good token of respect.",
        "password: ************",
        "access_key=get_access_key_from_store1(x)",
        "next_token = self.sample_next_token2(logits)",
        "token=response.data.access_token_v2",
        "postgres://user:password@localhost/x",
        "password: string1, password = get_value2(x), password=self.pw2, passwd = row[3]",
        "密码：123456，密码是什么？密码为8-16位，口令：13579135",
        "if password == abc9x2: ... password=${DB_PASS1} PASSWORD=hunter2",
        "见https://acme.cn,邮箱:zhang2024lei@acme-corp.cn",
        "https://acme.cn:8080/a@b",
        "task-force-of-the-century-and-more",
        "密码是AES128加密的，口令为Base64编码，The password is SHA-256 encrypted",
    ],
)
def test_a_placeholder_is_no_secret(text):
    assert list(sensitive.secrets(text)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("电话 +86 139 1234 5678".replace(" 1234 ", "1234"), "mobile number"),
        ("电话 139-1234-5678，", "mobile number"),
        ("139 1234 5678", "mobile number"),
        ("身份证11010519491231002X。", "identity number"),
        ("110105 19491231 002X", "identity number"),
        ("3782 822463 10005", "bank card number"),
        ("622848 0038012345674", "bank card number"),
        ("卡号 6222 0212 3456 7894", "bank card number"),
        ("卡号 6222 0212 3456 7890 128", "bank card number"),
        ("卡号 6222 0212 3456 7894 100 元", "bank card number"),
        ("发到 li.lei@acme-corp.cn", "e-mail address"),
        ("服务器 47.96.120.33", "IP address"),
        ("服务器 2408:8207:7855:1ff0::1。", "IP address"),
        ("[2001:4860:4860::8888]:443", "IP address"),
        ("电话 010-82345679", "telephone number"),
        ("（0571）8765 4120，", "telephone number"),
        ("（0571）8765\u00a04120，", "telephone number"),
        ("座机：01082345679", "telephone number"),
        ("+86-755-8612345", "telephone number"),
        ("(415) 265-2671", "telephone number"),
        ("call 1-415-265-2671.", "telephone number"),
        ("call (650) 400-4500.", "telephone number"),
        ("call 650-253-0000.", "telephone number"),
        ("+14152652671", "telephone number"),
        ("+44 20 7946 0958", "telephone number"),
        ("+33 1 42 68 53 00", "telephone number"),
        ("+852 2345 6709", "telephone number"),
        ("护照号 E48291730", "passport number"),
        ("Passport No. EA4829173", "passport number"),
        ("护照：AB482915", "passport number"),
        ("身份证号：110105491231002", "identity number"),
    ],
)
def test_personal_data_is_found_by_its_check_digits_and_masked(text, kind):
    found = list(sensitive.personal(text))
    assert [spot.kind for spot in found] == [kind]
    assert all(text[spot.start : spot.end] != spot.masked for spot in found)


@pytest.mark.parametrize(
    "text",
    [
        "身份证 110105194912310021",  # a wrong check digit, and no bank card by Luhn either
        "订单 6222021234567890",
        "li@example.com, a@b.test",
        "127.0.0.1 10.0.0.8 192.168.1.1 v1.2.3.4 999.1.1.1",
        "圆周率 3.14159265358979",
        "2024-05-13 10:00:00",
        "git clone git@github.com:acme/tool.git",
        "138-0013-8000",
        "400-820-8820，400 123 4567，95588，(800) 265-2671，1-888-265-2671",  # of a company, and nobody's
        "010-12345678，010-88888888，(415) 555-2671，+1 234 567 8901",
        "订单 0571-20240513，ISBN 978-7-020-00220-7，从 +20 30 40 50 60 选",
        "增长 +12000000000，3.14-415-265-2671",
        "分 200-300-4000 三档，300-500-1000，250-350-4500，350-400-4500，700-800-9000，415-911-2671",
        "+2023-04-15 12:30:45 INFO, +20230415 12:00, +20 30 40 50 60 70, +86 400 820 8820",
        "std::vector<abc::def> fe80::1 ::1 2001:db8::1 12:30:45",
        "零件 E48291730，护照 E12345678",
        "编号 110105491231002",
        "310105194913310022",  # no month has that number
        "boss@company.com, a@b.co",
    ],
)
def test_what_only_looks_like_personal_data_is_left_alone(text):
    assert list(sensitive.personal(text)) == []


def test_arguments_and_rejected_answers_are_searched_too():
    call = Message("assistant", None, tool_calls=(ToolCall("mail", '{"to": "li.lei@acme-corp.cn"}'),))
    tools = ({"type": "function", "function": {"name": "mail"}},)
    sample = Sample((Message("user", "Hi"), call), tools, (Message("assistant", "写给 li.lei@acme-corp.cn"),))
    assert {one.path for one in check(sample)} == {"/messages/1/tool_calls/0/arguments", "/rejected/0/content"}


def test_what_the_model_thinks_is_searched_too():
    thought = Message("assistant", "好", reasoning="写给 li.lei@acme-corp.cn")
    sample = Sample((Message("user", "Hi"), thought), (), (replace(thought, content="不好"),))
    assert {(one.path, one.start) for one in check(sample)} == {
        ("/messages/1/reasoning", 3),
        ("/rejected/0/reasoning", 3),
    }


@pytest.mark.parametrize("text", ["a@" * 50_000, "1" * 100_000, "sk-" * 30_000, "1.1." * 30_000, "a." * 50_000 + "@",
                                  "eyJ" * 30_000, "key=" * 30_000, "6222 " * 20_000,
                                  "a://" * 25_000 + "@",
                                  "密码：" + "a1." * 30_000, "+44 " * 20_000, "2408:" * 20_000, "护照" * 30_000,
                                  "a://b:c" * 14_000 + "@", "token是" * 16_000,
                                  ("-----BEGIN " + "PRIVATE KEY-----\n") * 6_000,
                                  ("-----BEGIN " + "PRIVATE KEY-----") + "A" * 99_000])  # fmt: skip
def test_no_text_takes_endless_time(text):
    started = time.process_time()
    list(sensitive.secrets(text))
    list(sensitive.personal(text))
    assert time.process_time() - started < 20


def test_a_list_of_any_length_is_read_for_its_numbers():
    started = time.process_time()
    assert len(list(numerals.stated("甲 1) " * 50_000))) == 50_000
    assert time.process_time() - started < 20


_PIECES = (
    "key: ", "密码：", "toKen=", "ſecret: ", "sk-", "xoxb-", "AKIA", "a1B2c3D4", "e5F6\u212a7ı8",
    "-----BEGIN RSA PRIVATE KEY-----", "139", "12345678", "6222 0212 3456 7890", "li@acme-corp.cn",
    "11010519491231002X", "110105 19491231 002X", "-1234-5678", "3782 822463 10005", "ftp://a:", "b1c2d3@h",
    "8.8", ".4.4", "-", ".", " ", "雨", "\n", "password is", "密码", "PwD=", "a8x3k9q", "2408:", "8207::1", "+44",
    "(0571)", "8612345", "8765\u00a04120", "AB482915", "护照", "E4829173", "身份证", "110105491231002",
    "265-2671", "+1",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_a_glance_at_a_text_never_says_there_is_nothing_where_the_patterns_find_something(text):
    seen = sensitive.ascii_of(text)
    assert sensitive.may_hold_secrets(text, seen) or not list(sensitive._spots(text, sensitive._SECRETS))
    assert sensitive.may_hold_personal(text, seen) or not list(sensitive._spots(text, sensitive._PERSONAL))


_SIGNS = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\uff00-\uffef\U00020000-\U0003ffff]"
)


@given(st.text() | st.text("a，é…“①👩\u200d雨ㄅ한ﾃ\ud800\U00020000"))
def test_an_estimate_counts_every_chinese_japanese_and_korean_sign(text):
    assert tokens._cjk(text) == len(_SIGNS.findall(text))


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.none() | st.integers() | st.text(max_size=1) | st.just([1]))))
def test_the_shape_of_a_list_is_that_of_all_its_entries(entries):
    each = dict.fromkeys(pair for entry in entries for pair in shapes.kinds([entry]))
    assert shapes.kinds(entries) == (tuple(each) or (("", "list"),))


# Copies, pairs, JSON, pictures

PROMPT = """模仿示例写一句话。
输入：雨伞
输出：晴天被遗忘在角落，雨天才想起它的好。
输入：镜子
输出：“它从不说谎，人们却只信自己想看的。”"""
NO_COPY = {"text": {"no_copied_example": True}}


@pytest.mark.parametrize(
    ("answer", "copied"),
    [
        ("晴天被遗忘在角落，雨天才想起它的好。", True),
        ("时钟：它从不说谎，人们却只信自己想看的。", True),
        ("嘀嗒声里藏着所有人的秘密。", False),
        ("晴天里它走得一样快。", False),
    ],
)
def test_an_answer_that_is_an_example_of_the_prompt_is_a_copy(answer, copied):
    found = [one.rule for one in check(chat("时钟", answer, system=PROMPT), NO_COPY)]
    assert ("copied-example" in found) is copied


def test_the_example_itself_may_be_asked_for():
    question = "请原样抄写：晴天被遗忘在角落，雨天才想起它的好。"
    answer = "晴天被遗忘在角落，雨天才想起它的好。"
    assert "copied-example" not in [one.rule for one in check(chat(question, answer, system=PROMPT), NO_COPY)]


def test_a_fenced_answer_counts_leniently_and_not_strictly():
    answers = ['{"age": 30}', '```json\n{"age": 30}\n```']
    assert json_answers.rates(answers) == json_answers.Rates(strict=1, lenient=2, total=2)
    assert json_answers.rates(["Li is 30.", "```\nno\n```"]) == json_answers.Rates(0, 0, 2)


NESTED = {
    "type": "object", "required": ["name", "visits"],
    "$defs": {"visit": {"type": "object", "required": ["date", "drugs"], "properties": {
        "date": {"type": "string"}, "drugs": {"type": "array", "items": {"type": "string"}}, "note": {}}}},
    "properties": {"name": {"type": "string"}, "visits": {"type": "array", "items": {"$ref": "#/$defs/visit"}}},
}  # fmt: skip


def test_completeness_names_the_required_leaves_that_are_filled():
    value = {"name": "李", "visits": [{"date": "2024-01-02", "drugs": ["甲"]}, {"date": "", "note": "x"}]}
    found = json_answers.completeness(value, NESTED)
    assert found.filled == ("/name", "/visits/0/date", "/visits/0/drugs/0")
    assert found.missing == ("/visits/1/date", "/visits/1/drugs/*")
    assert found.share == 0.6
    assert json_answers.completeness({}, NESTED).missing == ("/name", "/visits/*/date", "/visits/*/drugs/*")
    assert json_answers.completeness({"a": 0}, {}).share == 1.0
    assert json_answers.completeness({"a": False}, {"required": ["a"], "properties": {"a": {}}}).filled == ("/a",)


def test_a_schema_that_refers_to_itself_ends():
    schema = {"$defs": {"node": {"required": ["next"], "properties": {"next": {"$ref": "#/$defs/node"}}}},
              "$ref": "#/$defs/node"}  # fmt: skip
    assert json_answers.required_leaves(schema)
    assert json_answers.required_leaves({"$ref": "#"}) == []


def test_arguments_are_checked_by_the_tools_own_schema():
    tool = {"name": "weather", "parameters": {"type": "object", "properties": {"days": {"type": "integer"}}}}
    call = Message("assistant", None, tool_calls=(ToolCall("weather", '{"days": "3"}', "c1"),))
    [finding] = check(Sample((Message("user", "Rain?"), call), (tool,)))
    assert finding.rule == "tool-arguments-invalid"
    assert finding.message == "weather: /days must be of type integer."
    broken = {"name": "weather", "parameters": {"type": "no such type"}}
    [finding] = check(Sample((Message("user", "Rain?"), call), (broken,)))
    assert "no JSON Schema" in finding.message


def test_the_contracts_own_tool_is_judged_by_the_contract_alone():
    data = {"json": {"schema": {"type": "object", "required": ["age"]}, "written_as": "task-response"}}
    tool = {"type": "function", "function": {"name": "task_response", "parameters": data["json"]["schema"]}}
    call = Message("assistant", None, tool_calls=(ToolCall("task_response", "{}", "c1"),))
    assert [one.rule for one in check(Sample((Message("user", "Li, 30"), call), (tool,)), data)] == ["schema-violation"]


def test_a_picture_is_refused_for_a_text_model_with_the_reason():
    part = {"type": "image_url", "image_url": {"url": "image:" + "0" * 64}}
    sample = Sample((Message("user", [part]), Message("assistant", "A cat.")))
    assert check(sample, profile="openai", base_model="gpt-4o-2024-08-06") == ()
    for setting in ({"base_model": "gpt-3.5-turbo"}, {"profile": "siliconflow"}):
        [finding] = [one for one in check(sample, **setting) if one.rule == "image-unsupported"]
        assert finding.path == "/messages/0/content/0"
