"""Pats (拍一拍), as puppets hand them over: XML with the ids of both (some call it a recall), or a line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.wechaty.xml import app_message, parse, said

TEXT = 7
_PATTED = "拍了拍"
_NAME = '["“](?P<{0}>[^"“”\n]{{1,64}})["”]'
_LINE = re.compile(
    rf"(?:{_NAME.format('by')}|(?P<we>我)) ?{_PATTED} ?(?:{_NAME.format('whom')}|(?P<us>我)|自己).{{0,40}}"
)


@dataclass(frozen=True, slots=True)
class Pat:
    """Who patted whom: their ids, or of the patted the name that is shown; empty where that is not told."""

    by: str = ""
    whom: str = ""
    whom_shown: str = ""
    by_us: bool = False
    to_us: bool = False


def read_pat(wire_type: int, text: str) -> Pat | None:
    """The pat that a message is. What somebody typed is theirs, even if it reads like one."""
    if wire_type == TEXT or _PATTED not in text:
        return None
    return _from_xml(text) or _from_line(text)


def _from_xml(text: str) -> Pat | None:
    root = parse(text, "<pat>")
    pat = None if root is None else root.find(".//pat")
    if pat is None:
        return None
    return Pat(said(pat, "fromusername"), said(pat, "pattedusername"))


def _from_line(text: str) -> Pat | None:
    app = app_message(text)
    line = _LINE.fullmatch(text.strip() if app is None else said(app, "title"))
    if line is None:
        return None
    return Pat(whom_shown=line["whom"] or "", by_us=bool(line["we"]), to_us=bool(line["us"]))
