"""Hashtags as people type them: ``#我的原野餐桌#``, ``＃我的原野餐桌``, ``# 我的 原野餐桌 # 今天的番茄``.

Spaces, emoji, case and full-width forms make no difference. A closed tag must be the whole tag, an open one
may run into the text behind it. ``#接龙`` is how people sign up, and never a hashtag.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from bot.naming import begins_list

MOST_READ = 10_000
"""Characters of a message in which tags are looked for."""
_NOISE = re.compile(r"([^\w\s#＃﹟]{8})[^\w\s#＃﹟]+")
_NOT_A_WORD = re.compile(r"[^\w#]+|_")
SIGN_UP = "接龙"


def normalize(tag: str) -> str:
    """The form in which tags are compared: NFKC, lower case, letters and digits alone."""
    return _NOT_A_WORD.sub("", _plain(tag)).replace("#", "").casefold()


def _plain(text: str) -> str:
    """NFKC. It takes the square of their number in time to sort marks in a row, so there may be eight."""
    return unicodedata.normalize("NFKC", _NOISE.sub(r"\1", text[:MOST_READ]))


def find(text: str, known: Container[str], longest: int) -> list[str]:
    """The tags of ``known`` (normalized, none longer than ``longest``) that ``text`` bears, in order."""
    if "#" not in text and "＃" not in text and "﹟" not in text:
        return []
    if begins_list(text):
        return []
    plain = _plain(text)
    pieces = plain.split("#")
    closed = [True] * (len(pieces) - 1) + [False]  # whether another # stands behind the piece
    found = [_tag_at_start(p, known, longest, c) for p, c in zip(pieces[1:], closed[1:], strict=True)]
    return list(dict.fromkeys(tag for tag in found if tag))


def _tag_at_start(piece: str, known: Container[str], longest: int, closed: bool) -> str:
    whole = normalize(piece)
    if whole in known:
        return whole
    if closed and piece.strip() and not re.search(r"\s", piece.strip()):
        return ""  # another tag, that only begins like ours
    return next((whole[:n] for n in range(min(longest, len(whole)), 0, -1) if whole[:n] in known), "")


def without_tags(text: str, tag: str) -> str:
    """``text`` without the (normalized) ``tag`` in any of its forms; what people said beside it."""
    letters = r"[\W_]*?".join(map(re.escape, tag))
    plain = _plain(text)
    return re.sub(rf"#\s*{letters}[ \t]*#?", " ", plain, flags=re.IGNORECASE).strip()
