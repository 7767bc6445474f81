"""Data of a person that has no place in training."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core import sensitive
from datasets_app.core.examples import chat
from datasets_app.core.rules._sensitive import SensitiveRule
from datasets_app.core.sensitive import Spot
from datasets_app.core.traits import PERSONAL
from ftstudio.errors import Text


class PersonalData(SensitiveRule):
    name = "personal-data"
    version = 3
    needs = PERSONAL
    severity = "warning"
    title = Text("Personal data")
    help = Text(
        "Telephone numbers, Chinese identity and passport numbers, bank cards, e-mail and public IP addresses. Check "
        "digits are reckoned; example addresses and the hotlines of companies pass. Values are shown masked."
    )
    good = (
        chat("怎么联系？", "拨打 13800138000，或写信到 li@example.com。"),
        chat("订单号？", "订单 2024051300001234567。"),
        chat("热线？", "请拨 400-820-8820。"),
        chat("版本？", "版本 1.2.3.4，地址 192.168.1.10。"),
    )
    bad = (
        chat("怎么联系？", "拨打 13912345678。"),
        chat("怎么联系？", "写信到 li.lei@acme-corp.cn。"),
        chat("身份证？", "11010519491231002X"),
        chat("座机？", "010-82345679"),
    )
    said = Text("Personal data ({kind}) stands here: {value}. Take it out or make it unrecognisable.")

    def spots(self, text: str) -> Iterator[Spot]:
        return sensitive.personal(text)


RULE = PersonalData()
