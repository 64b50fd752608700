"""Who may use which command where, and what the others are told: members a reason, strangers nothing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.people import roles
from bot.people.directory import Person, Room
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless
from bot.store.transaction import Transaction

_RANK = {Who.ANYONE: 0, Who.MEMBER: 1, Who.ADMIN: 2}


def standing(tx: Transaction, person: Person, room: Room | None, held: Mapping[int, set[str]]) -> Who:
    """What ``person`` is, as far as commands go; ``held`` are the roles in force (``roles.roles``)."""
    if roles.ADMIN in held.get(person.member_id, ()):
        return Who.ADMIN
    in_a_room = (room is not None and room.enabled) or roles.is_in_a_room(tx, person.identity_id)
    return Who.MEMBER if in_a_room else Who.ANYONE


def includes(standing: Who, needed: Who) -> bool:
    return _RANK[standing] >= _RANK[needed]


def allowed(command: Command, standing: Who, room: Room | None) -> bool:
    return includes(standing, command.who) and _fits(command.where, room)


def refusal(command: Command, standing: Who, room: Room | None) -> str | None:
    """Why the command is refused; empty: without a word; None: it is not."""
    if not includes(standing, command.who):
        return "" if standing is Who.ANYONE else "这个命令要管理员才能用。发 /帮助 看看您能用哪些。"
    if _fits(command.where, room):
        return None
    return "这个命令请在群里用。" if command.where is Where.ROOM else "这个命令请私聊我用。"


def _fits(where: Where, room: Room | None) -> bool:
    return where is Where.ANYWHERE or (where is Where.ROOM) == (room is not None)


def hint(typed: str, suggestion: str, standing: Who, *, in_private: bool) -> str | None:
    """What to say to something that looks like a command but is none; None: take it as an ordinary message.

    Members' messages may begin with a slash by chance, so in a room they hear of likely misspellings alone.
    """
    if standing is Who.ANYONE:
        return None
    typed = harmless(typed, 20)
    if suggestion:
        return f"没有“{typed}”这个命令，是不是 /{suggestion}？"
    if in_private or standing is Who.ADMIN:
        return f"没有“{typed}”这个命令。发 /帮助 看看能用哪些。"
    return None
