"""Seeded chat samples of about 600 bytes, Chinese and English, a share of them breaking the benchmark's contract."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

CONTRACT = {
    "text": {"ends_with": ["。", "."], "no_echo": True, "characters": {"max": 400}, "no_repeated_punctuation": True},
    "symbols": {"tight": ["-", "/"], "verbatim": True},
}
SYSTEM = "你是建材顾问。型号照抄原文，不加空格；只回答所问，句末用句号。Answer in the language of the question."
NOUNS = "防水涂料 瓷砖胶 填缝剂 底涂 砂浆 卷材 密封胶 界面剂 腻子 保温板 地坪漆 堵漏剂 美缝剂 石膏板 龙骨".split()
PLACES = "卫生间 厨房 阳台 屋面 地下室 外墙 泳池 车库 岛台 飘窗 露台 走廊 机房 仓库 水箱 天台".split()
VERBS = "涂刷 铺贴 固化 打磨 搅拌 清理 养护 修补 找坡 封边 晾干 检查 滚涂 喷涂 刮平 湿润".split()
CODES = [f"{a}{n}-{b}" for a in ("AW", "SK", "RS", "GP", "TPO") for n in (12, 30, 88, 609) for b in ("02", "B", "II")]
WORDS = "surface primer dry coat two hours before tile grout wall floor seal water test clean even thin layer".split()


def sample(number: int, seed: int = 7) -> dict[str, object]:
    """The sample with this number; the same for the same seed, on every machine."""
    chance = random.Random(f"{seed}:{number}")
    code = chance.choice(CODES)
    noun, place = chance.choice(NOUNS), chance.choice(PLACES)
    if number % 4 == 3:
        question = f"Case {number}: can {code} go on a {chance.choice(WORDS)} {chance.choice(WORDS)} without a primer?"
        answer = f"Yes, {code} " + " ".join(chance.choices(WORDS, k=40)) + "."
    else:
        first, then = chance.choice(VERBS), chance.choice(VERBS)
        question = f"第{number}号工地：{place}要用{code}做{noun}，先{first}再{then}可以吗？"
        steps = "，".join(
            f"{chance.choice(PLACES)}处{chance.choice(VERBS)}{chance.choice(NOUNS)}{chance.randint(1, 60)}分钟"
            for _ in range(8)
        )
        answer = f"可以。{code}{steps}。"
    fault = chance.random()
    if fault < 0.05:
        answer = answer.replace("-", " - ", 1)
    elif fault < 0.10:
        answer = answer.rstrip("。.")
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
    return {"messages": messages, "metadata": {"doc": f"site-{number % 997}", "n": number}}


def lines(count: int, seed: int = 7) -> Iterator[bytes]:
    for number in range(1, count + 1):
        yield json.dumps(sample(number, seed), ensure_ascii=False).encode() + b"\n"


def write(path: Path, count: int, seed: int = 7) -> int:
    """Write `count` samples as JSONL; returns the bytes written."""
    with path.open("wb") as file:
        return sum(file.write(line) for line in lines(count, seed))
