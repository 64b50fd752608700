"""Reading what people answer to a question: letters, numbers, words. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from bot.sop.questions.question import Answer, Question

LONGEST_CHOICE, LONGEST_TEXT = 60, 500
"""Characters of an answer that names a choice, and of a free one that are kept."""
_NUMERALS = {numeral: number for number, numeral in enumerate("零一二三四五六七八九十")} | {"两": 2}
_CIRCLED = re.compile(r"[①-⑨]")
_PICKED = re.compile(
    r"(?:我?选[项择]?|答案?是?)?[\s:]*第?[\s(\[【]*([a-i]|\d{1,2}|[一二三四五六七八九])\s*(?:个|项|号)?"
    r"[\s.。,、)\]】]*[吧呀啊哦]?[\s.。!~]*"
)
_ENDS = re.compile(r"[\s.。,，、;；!！~～]+")
_SEPARATORS = re.compile(r"[\s,，、;；/.+和]+")
_ALL = {"都", "都是", "都有", "全部", "全选", "都选"}
_BESIDE = frozenset("abcdefghi123456789自己来就是的吧呀啊呢啦了 .。,，、!！~")
_UNLESS_NEGATED = "(?<![不没别未非])(?<![不没][太很大是])(?<!不怎么)(?<!不是很)(?<!不是太)"
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,2})?")
_MARK = re.compile(
    r"(?:我觉得|我|那|就|给|打|选|大概)*+(\d{1,2}|[零一二三四五六七八九十]|满(?=分))分?(?:/10分?)?"
    r"[.。,、]*+[吧呀啊哦的]?[.。!~]*+"
)
_ANY_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BEHIND_A_MARK = "分吧呀啊哦的 .。,，、!！~:："
_YES = re.compile(
    "(?:我|那就|那|嗯|回复)*+(?:好|同意|可以|开始|行|愿意|没问题|okay|ok)++"
    "(?:的|吧|呀|啊|嘞|滴|哒|哦|谢谢[您你]?|开始)*+"
)
_NO = re.compile(
    "算了|取消|退订|(?:我|那|还是|暂时|先)*不(?:用|要|想|同意|愿|了|需要|参加|答|进|必|可以|行|好?$)"
)
_DECLINES = re.compile("退订|(?:别|不要|不用|不必)(?:再|给我)*(?:发(?!愁|火)|打扰|私信)")
_NO_MORE = re.compile("(?:以后|那|就|请)*(?:别|不要|不用)再?问(?:我|了|啦|吧)*")


class Control(Enum):
    """What always works in a questionnaire."""

    BACK = "上一题"
    SKIP = "跳过"
    CANCEL = "取消"


_CONTROLS = {
    **dict.fromkeys(("上一题", "上一个", "返回"), Control.BACK),
    **dict.fromkeys(("跳过", "略过", "不答", "下一题"), Control.SKIP),
    **dict.fromkeys(("取消", "退出", "不填了", "不想填", "退订", "算了"), Control.CANCEL),
}


def _plain(text: str) -> str:
    circled = _CIRCLED.sub(lambda found: str(ord(found[0]) - ord("①") + 1), text)
    return unicodedata.normalize("NFKC", circled).strip().casefold()


def _letters(text: str) -> str:
    return "".join(letter for letter in _plain(text) if letter.isalnum())


def control(text: str) -> Control | None:
    """上一题, 跳过, 取消, in the words that people use."""
    return _CONTROLS.get(_ENDS.sub("", _plain(text[:20])).lstrip("/"))


def declines(text: str) -> bool:
    """Whether somebody wants to be written to no more, now and later."""
    return _DECLINES.search(_plain(text[:LONGEST_CHOICE])) is not None


def declines_questions(text: str) -> bool:
    """Whether somebody wants to be asked no more, and says nothing else: 别再问了."""
    return _NO_MORE.fullmatch(_letters(text[:LONGEST_CHOICE])) is not None


def agrees(text: str, word: str) -> bool | None:
    """Whether ``text`` means yes or no; None: neither.

    A yes is a consent, so it is nothing but a yes: 你好, 好像不太想 and 可以吗 are none.
    """
    plain = _letters(text[: LONGEST_CHOICE + 1])
    if _NO.match(plain):
        return False
    if len(text) > LONGEST_CHOICE:
        return None
    asked_for = plain.removeprefix("回复") == _letters(word)
    return True if asked_for or _YES.fullmatch(plain) else None


def read(question: Question, text: str) -> Answer | None:
    """What ``text`` answers; None: it cannot be understood."""
    match question.answer:
        case "text":
            return _words(text)
        case "number" | "scale":
            return _number(_plain(text[:LONGEST_CHOICE]), question.answer == "scale")
        case "nps":
            return _mark_of_ten(_plain(text[:LONGEST_TEXT]))
    if len(text) > LONGEST_CHOICE:
        return None
    chosen = _several(question, _plain(text)) if question.several else _one(question, _plain(text))
    return None if chosen is None else Answer(chosen=chosen)


def _words(text: str) -> Answer | None:
    """Any words; signs and emoji alone are none."""
    words = " ".join(text[: 2 * LONGEST_TEXT].split())[:LONGEST_TEXT]
    return Answer(text=words) if any(letter.isalnum() for letter in words) else None


def _number(plain: str, is_mark: bool) -> Answer | None:
    found = _NUMBER.findall(plain) or [str(_NUMERALS[it]) for it in plain if it in _NUMERALS]
    if len(found) != 1:
        return None
    number = float(found[0])
    return None if is_mark and not (1 <= number <= 5 and number.is_integer()) else Answer(number=number)


def _mark_of_ten(plain: str) -> Answer | None:
    """A mark from 0 to 10, with what is said behind it; 十分愿意 is no 10."""
    together = "".join(plain.split())
    if len(together) <= LONGEST_CHOICE and (as_words := _MARK.fullmatch(together)):
        it = as_words[1]
        mark = 10 if it == "满" else int(it) if it.isdigit() else _NUMERALS[it]
        return Answer(number=float(mark)) if mark <= 10 else None
    found = [*_ANY_NUMBER.finditer(plain)]
    if len(found) != 1 or not found[0][0].isdigit() or int(found[0][0]) > 10:
        return None
    behind = _words(plain[found[0].end() :].lstrip(_BEHIND_A_MARK))
    return Answer(number=float(found[0][0]), text=behind.text if behind is not None else "")


def _one(question: Question, plain: str) -> tuple[int, ...] | None:
    if (place := _place(question, plain)) is not None:
        return (place,)
    labels = [_plain(label) for label in question.labels]
    exact = [place for place, label in enumerate(labels) if _ENDS.sub("", plain) == label]
    within = [place for place, label in enumerate(labels) if _is_meant(question, label, plain)]
    part = [place for place, label in enumerate(labels) if len(plain) > 1 and plain in label]
    longest = _not_within_another(labels, within)
    return next((tuple(found) for found in (exact, longest, part) if len(found) == 1), None)


def _is_meant(question: Question, label: str, plain: str) -> bool:
    """Whether the label is said, and not its contrary: 不认同 and 不太认同 are no 认同.

    One of a single letter is hidden in many words (我 in 我老公), so beside it nothing may be said but what
    the question says.
    """
    if len(label) == 1 and not set(plain) <= {label, *_plain(question.ask), *_BESIDE}:
        return False
    return re.search(_UNLESS_NEGATED + re.escape(label), plain) is not None


def _not_within_another(labels: list[str], found: list[int]) -> list[int]:
    """Of 认同 and 很认同 the longer one is meant."""
    return [it for it in found if not any(it != other and labels[it] in labels[other] for other in found)]


def _place(question: Question, plain: str) -> int | None:
    """The choice that a letter or a number stands for."""
    match = _PICKED.fullmatch(plain)
    if match is None:
        return None
    it = match[1]
    place = ord(it) - ord("a") if "a" <= it <= "i" else int(it) - 1 if it.isdigit() else _NUMERALS[it] - 1
    return place if 0 <= place < len(question.choices) else None


def _several(question: Question, plain: str) -> tuple[int, ...] | None:
    if _ENDS.sub("", plain) in _ALL:
        return tuple(range(len(question.choices)))
    pieces = list(plain) if re.fullmatch("[a-i]+|[1-9]{2,}", plain) else _SEPARATORS.split(plain)
    found = [_one(question, piece) for piece in pieces if piece]
    if not found or any(it is None for it in found):
        labels = [_plain(label) for label in question.labels]
        named = _not_within_another(
            labels, [n for n, label in enumerate(labels) if _is_meant(question, label, plain)]
        )
        return tuple(named) or None
    return tuple(sorted({place for it in found if it is not None for place in it}))
