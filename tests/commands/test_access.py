from __future__ import annotations

import pytest

from bot.commands import access
from bot.people import directory, roles
from bot.people.directory import Room
from bot.people.roles import Standings
from bot.sop.kind import Where, Who
from bot.store.transaction import Transaction
from tests.builders import KEY, MONDAY_9, QING, ROOM, command

ACCOUNT, SOURCE = "main", "fake:main"
HERE = Room(1, KEY, "", enabled=True)
DISABLED = Room(1, KEY, "", enabled=False)
ORDER = (Who.ANYONE, Who.MEMBER, Who.EXPERT, Who.STAFF, Who.ADMIN)
DESK_KEY = "运营群"
DESK = Room(2, DESK_KEY, "", enabled=True)
NOBODY = Standings({}, {})


def met(tx: Transaction) -> directory.Person:
    return directory.meet(tx, SOURCE, [QING])[QING.id]


def test_an_admin_is_an_admin_wherever_they_are(tx: Transaction) -> None:
    person = met(tx)
    roles.give(tx, person.member_id, roles.ADMIN, given_by=None)
    for room in (HERE, DISABLED, None):
        assert access.standing(tx, person, room, Standings(roles.roles(tx), {})) is Who.ADMIN


def test_who_speaks_in_an_enabled_room_is_a_member(tx: Transaction) -> None:
    assert access.standing(tx, met(tx), HERE, NOBODY) is Who.MEMBER
    assert access.standing(tx, met(tx), DISABLED, NOBODY) is Who.ANYONE


def test_in_private_a_member_is_who_is_in_some_room(tx: Transaction) -> None:
    person = met(tx)
    assert access.standing(tx, person, None, NOBODY) is Who.ANYONE
    room = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    directory.note_present(tx, {(room.id, person.identity_id): ("", MONDAY_9)})
    assert access.standing(tx, person, None, NOBODY) is Who.MEMBER


@pytest.mark.parametrize(
    ("kind", "standing"),
    [("staff", Who.STAFF), ("expert", Who.EXPERT), ("koc", Who.MEMBER), ("member", Who.MEMBER)],
)
def test_a_role_makes_what_its_kind_says_and_no_admin(tx: Transaction, kind: str, standing: Who) -> None:
    person = met(tx)
    held = Standings({person.member_id: {"某个角色"}}, {"某个角色": kind})
    assert access.standing(tx, person, HERE, held) is standing


@pytest.mark.parametrize("needed", ORDER)
@pytest.mark.parametrize("standing", ORDER)
def test_each_standing_includes_those_below(standing: Who, needed: Who) -> None:
    assert access.includes(standing, needed) == (ORDER.index(standing) >= ORDER.index(needed))


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("room", [HERE, DESK, None])
def test_a_command_is_refused_exactly_where_it_is_not_allowed(where: Where, room: Room | None) -> None:
    it = command("test", where=where)
    assert access.allowed(it, Who.MEMBER, room, DESK_KEY) == (
        access.refusal(it, Who.MEMBER, room, DESK_KEY) is None
    )


def test_a_member_is_told_why_an_admins_command_is_refused() -> None:
    why = access.refusal(command("test", who=Who.ADMIN), Who.MEMBER, HERE, DESK_KEY)
    assert why is not None
    assert "管理员" in why


@pytest.mark.parametrize("who", [Who.MEMBER, Who.ADMIN])
def test_a_stranger_is_told_nothing(who: Who) -> None:
    assert access.refusal(command("test", who=who), Who.ANYONE, None, DESK_KEY) == ""
    assert access.hint("hlep", "help", Who.ANYONE, in_private=True) is None


def test_who_types_at_the_wrong_place_is_told_the_right_one() -> None:
    assert (
        access.refusal(command("test", where=Where.ROOM), Who.ADMIN, None, DESK_KEY) == "这个命令请在群里用。"
    )
    why = access.refusal(command("test", where=Where.PRIVATE), Who.ADMIN, HERE, DESK_KEY)
    assert why == "这个命令请私聊我用。"
    why = access.refusal(command("test", where=Where.DESK), Who.ADMIN, HERE, DESK_KEY)
    assert why == "这个命令请私聊我用，或者在运营群里用。"
    assert access.refusal(command("test", where=Where.DESK), Who.ADMIN, DESK, DESK_KEY) is None


@pytest.mark.parametrize("standing", [Who.MEMBER, Who.ADMIN])
@pytest.mark.parametrize("in_private", [True, False])
def test_a_likely_misspelling_is_answered_with_a_suggestion(standing: Who, in_private: bool) -> None:
    hint = access.hint("hlep", "help", standing, in_private=in_private)
    assert hint == "没有“hlep”这个命令，是不是 /help？"


@pytest.mark.parametrize(
    ("standing", "in_private", "answered"),
    [(Who.MEMBER, False, False), (Who.MEMBER, True, True), (Who.ADMIN, False, True), (Who.ADMIN, True, True)],
)
def test_what_is_like_no_command_is_left_alone_among_members(
    standing: Who, in_private: bool, answered: bool
) -> None:
    hint = access.hint("番茄", "", standing, in_private=in_private)
    assert (hint is not None) == answered
