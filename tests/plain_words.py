"""What a Chinese text of the screen may hold: the glossary's words, and Chinese punctuation."""

from __future__ import annotations

import re

# docs: one word, one meaning. These stand for things that are called otherwise here, or that would
# make the passbook look like a bank's.
AVOIDED_CHINESE = [
    "冻结",
    "销户",
    "利息",
    "充值",
    "提现",
    "清零",
    "指纹",
    "礼品",
    "奖品",
    "订单",
    "用户",
    "流动人口",
    "外来人口",
    "被服务者",
    "扫楼",
    "拒绝",
]
HAN = "[\u3400-\u9fff]"
# What stands for a value, so that its Latin letters are not taken for words of the sentence.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
# A comma or bracket of Latin type that touches a Chinese character, with or without a space.
HALF_WIDTH = re.compile(rf"{HAN} ?[,;:?()]|[,;:?()] ?{HAN}|{HAN}\.(?:\s|$)")
LATIN_QUOTES = re.compile('[“”‘’"]')


def faults_of(text: str) -> list[str]:
    """What is wrong with a Chinese text of the screen."""
    bare = PLACEHOLDER.sub("某", text)
    faults = [f"avoid {word}" for word in AVOIDED_CHINESE if word in bare]
    if re.search("[!！]", bare):
        faults.append("no exclamation marks")
    if found := HALF_WIDTH.search(bare):
        faults.append(f"full-width punctuation: {found[0]!r}")
    if re.search(HAN, bare) and LATIN_QUOTES.search(bare):
        faults.append("quotes are 「」")
    return faults
