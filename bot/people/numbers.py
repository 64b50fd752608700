"""Members by the number that people type for them (M37), where there is no chat to ask back in."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from bot.errors import BotError
from bot.store.tables import member

_TYPED = re.compile(r"[Mm]?(\d{1,9})")


class Numbered(NamedTuple):
    """``member_id`` is whom they were merged into, if they were; ``number`` is as it was typed."""

    member_id: int
    number: int


def of_typed(connection: Connection, typed: str) -> Numbered:
    """Raises ``BotError`` where it is no number, or nobody has it."""
    match = _TYPED.fullmatch(typed)
    if match is None:
        raise BotError(f"要写成员的编号，例如 M37；“{typed}”不是。编号看 /成员")
    number = int(match[1])
    whose = select(func.coalesce(member.c.merged_into, member.c.id)).where(member.c.number == number)
    member_id = connection.execute(whose).scalar()
    if member_id is None:
        raise BotError(f"没有 M{number} 这个编号，群里发 /成员 名字 能查到。")
    return Numbered(member_id, number)
