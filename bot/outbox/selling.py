"""What counts as selling, where the community does not say it in its own words: words, and prices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.lexicon import Lexicon, normalize

WORDS = (
    *("下单", "抢购", "秒杀", "限时", "优惠", "满减", "包邮", "立减", "折扣", "打折", "特价", "促销", "清仓"),
    *(
        "团购",
        "拼团",
        "预售",
        "开售",
        "上新价",
        "买一送",
        "买二送",
        "加购",
        "库存",
        "只剩",
        "手慢无",
        "购买链接",
    ),
    *("手慢无", "购买链接", "点击购买", "扫码购买", "领券", "用券", "满赠", "返现", "会员价", "尝鲜价"),
)
"""Words of selling, where ``community.yaml`` names none."""
UNLESS = (
    *(
        "不打折",
        "不打折扣",
        "没有优惠",
        "不限时",
        "限时间",
        "打折扣的",
        "大打折扣",
        "不包邮吗",
        "怎么下单",
        "在哪下单",
    ),
    *("怎么下单", "在哪下单", "不用下单", "不催下单", "不促销", "不卖货"),
)
"""Phrases that hold such a word and sell nothing."""
_PRICE = re.compile(r"[¥￥]\s*\d|\d\s*元(?!旦|宵|素|气|老|月|年|代|朝)")


def seller(words: Iterable[str], unless: Iterable[str]) -> Callable[[str], bool]:
    """Tells texts that sell: by these words, or by a price."""
    lexicon = Lexicon(words, unless)
    return lambda text: lexicon.is_in(text) or _PRICE.search(normalize(text)) is not None
