"""Who may use which command where, and what the others are told: members a reason, strangers nothing."""

from __future__ import annotations

from bot.people import roles
from bot.people.directory import Person, Room
from bot.people.roles import Standings
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless
from bot.store.transaction import Transaction

_RANK = {who: rank for rank, who in enumerate(Who)}
_OF_ROLE = {roles.STAFF: Who.STAFF, "expert": Who.EXPERT}


def standing(tx: Transaction, person: Person, room: Room | None, standings: Standings) -> Who:
    """What ``person`` is, as far as commands go."""
    if standings.is_admin(person.member_id):
        return Who.ADMIN
    by_role = _OF_ROLE.get(standings.actor_role(person.member_id))
    if by_role is not None:
        return by_role
    in_a_room = (room is not None and room.enabled) or roles.is_in_a_room(tx, person.identity_id)
    return Who.MEMBER if in_a_room else Who.ANYONE


def includes(standing: Who, needed: Who) -> bool:
    return _RANK[standing] >= _RANK[needed]


def allowed(command: Command, standing: Who, room: Room | None, operators: str | None) -> bool:
    """``operators`` is the key of the operators' room."""
    return includes(standing, command.who) and _fits(command.where, room, operators)


def refusal(command: Command, standing: Who, room: Room | None, operators: str | None) -> str | None:
    """Why the command is refused; empty: without a word; None: it is not."""
    if not includes(standing, command.who):
        return "" if standing is Who.ANYONE else _NEEDS[command.who]
    return None if _fits(command.where, room, operators) else _ELSEWHERE[command.where]


_HELP = "发 /帮助 看看您能用哪些。"
_NEEDS = {
    Who.MEMBER: f"这个命令要会员才能用。{_HELP}",
    Who.EXPERT: f"这个命令要专家或同事才能用。{_HELP}",
    Who.STAFF: f"这个命令要同事才能用。{_HELP}",
    Who.ADMIN: f"这个命令要管理员才能用。{_HELP}",
}
_ELSEWHERE = {
    Where.ROOM: "这个命令请在群里用。",
    Where.PRIVATE: "这个命令请私聊我用。",
    Where.DESK: "这个命令请私聊我用，或者在运营群里用。",
}


def _fits(where: Where, room: Room | None, operators: str | None) -> bool:
    match where:
        case Where.ROOM:
            return room is not None
        case Where.PRIVATE:
            return room is None
        case Where.DESK:
            return room is None or room.key == operators
    return True


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
