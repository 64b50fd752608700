"""What counts as a complaint: the community's words, found in one scan, outside phrases that do not count."""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick, MatchKind

from bot.sop.words import normalize, reader

WORDS = (
    *("坏了", "坏掉", "变质", "发霉", "霉了", "长毛", "馊了", "胀包", "异物", "过敏", "起疹子"),
    *("拉肚子", "腹泻", "吃坏", "食物中毒", "退款", "退货", "退钱", "投诉", "假货", "维权", "赔偿"),
)
"""Words of complaint or harm, where ``community.yaml`` names none."""
UNLESS = (
    *("过敏吗", "会不会过敏", "不过敏", "没过敏", "没有过敏", "过敏体质", "过敏原", "防过敏", "抗过敏"),
    *("过敏怎么吃", "过敏能吃", "过敏可以吃", "过敏能不能", "过敏可不可以", "过敏的人", "过敏的朋友"),
    *("没有异物", "有没有异物", "无异物", "没拉肚子", "不拉肚子", "会不会拉肚子", "拉肚子吗", "吃坏吗"),
    *("会变质吗", "会不会变质", "不变质", "容易变质", "防止变质", "怕变质", "没变质", "没有变质"),
    *("会发霉吗", "会不会发霉", "不发霉", "容易发霉", "防止发霉", "怕发霉", "没发霉", "没有发霉"),
    *("会不会坏掉", "没坏了", "别坏了", "笑坏了", "饿坏了", "累坏了", "乐坏了", "忙坏了", "馋坏了"),
    *("高兴坏了", "开心坏了", "渴坏了", "吓坏了", "热坏了", "冻坏了", "急坏了", "美坏了", "气坏了", "惯坏了"),
    *("宠坏了", "教坏了", "手机坏了", "电脑坏了", "冰箱坏了", "烤箱坏了", "空调坏了", "锅坏了", "煲坏了"),
    *("车坏了", "电梯坏了", "灯坏了"),
)
"""Phrases that hold such a word and complain of nothing: questions, manners of speaking, other things."""


class Finder:
    """Tells complaints: texts with one of ``words`` outside every phrase of ``unless``."""

    def __init__(self, words: Iterable[str], unless: Iterable[str]) -> None:
        wanted, harmless = ([*dict.fromkeys(map(normalize, phrases))] for phrases in (words, unless))
        self._wanted = len(wanted)
        self._read = reader([*wanted, *harmless])
        self._automaton = AhoCorasick([*wanted, *harmless], matchkind=MatchKind.Standard) if wanted else None

    def complains(self, text: str) -> bool:
        if self._automaton is None or not text:
            return False
        matches = self._automaton.find_matches_as_indexes(self._read(text), overlapping=True)
        if not matches:
            return False
        harmless = [(start, end) for which, start, end in matches if which >= self._wanted]
        return any(
            which < self._wanted and not any(first <= start and end <= last for first, last in harmless)
            for which, start, end in matches
        )
