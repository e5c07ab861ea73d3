"""Made-up names, drawn from common surnames and given names; who they resemble is chance."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚"
)
RARE_SURNAMES = ("欧阳", "司徒", "上官", "单", "解", "区", "翟", "仇", "冼", "佘")


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ELDERS = _names(
    "秀英 桂芳 玉兰 淑珍 凤英 桂英 玉梅 秀兰 素珍 惠芳 建国 志明 国强 德才 福生 金水 永福 树根 "
    "文华 光明 瑞芝 月娥 彩云 春梅 兆祥 长贵 秋菊 荣华 庆余 水莲"
)
ADULTS = _names(
    "伟 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 燕 玲 建华 小红 海燕 晓东 志强 美玲 "
    "文静 雪梅 家豪 俊杰 嘉欣 晓雯 丽娜 国栋 振宇 春燕 永康 佩珊 思敏 启航 若兰 立新 少芬 锦荣 "
    "婉仪 卫东 秋萍 志华 海涛 子健 慧敏 丹丹 新宇 佳慧 宏伟 淑仪 浩然 倩 雅琴 凯"
)
CHILDREN = _names(
    "子涵 欣怡 梓萱 浩宇 诗涵 宇轩 可馨 一诺 雨桐 子墨 思远 梦琪 俊熙 语桐 嘉懿 煜城 天佑 乐瑶 "
    "芷晴 明轩 沐阳 安然 书瑶 泽楷 星辰 苡沫 彦喆 靖堃 晨曦 知夏"
)

SPECIAL = ("古丽娜尔·阿布都", "Maria Santos", "欧阳靖堃", "单小曼", "解阿喆")
"""Names that a register must be able to hold."""


class Namer:
    """Gives each full name once."""

    def __init__(self, random: Random, taken: set[str]) -> None:
        self._random = random
        self._taken = set(taken)

    def name(self, given_names: tuple[str, ...], surname: str | None = None) -> str:
        while True:
            full = (surname or self._surname()) + self._random.choice(given_names)
            if full not in self._taken:
                self._taken.add(full)
                return full
            if surname is not None and self._random.random() < 0.1:
                surname = None  # the family's names are used up

    def _surname(self) -> str:
        if self._random.random() < 0.03:
            return self._random.choice(RARE_SURNAMES)
        return self._random.choice(SURNAMES)
