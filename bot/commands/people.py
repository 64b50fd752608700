"""``/member role``: giving roles and taking them back. Which roles there are, ``community.yaml`` says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.commands.record import record
from bot.people import directory, roles
from bot.people.directory import Person
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless, harmless_name

_NUMBER = re.compile(r"[Mm](\d{1,9})")


def find(ctx: CommandContext, named: str) -> Person | None:
    """The member whom ``named`` (M37, or a name that one alone bears) means; else says what is wrong."""
    if number := _NUMBER.fullmatch(named):
        person = directory.member_numbered(ctx.tx, int(number[1]), ctx.account)
        if person is None:
            ctx.reply(f"没有 {named.upper()} 这个编号。")
        return person
    found = directory.people_named(ctx.tx, named, ctx.account)
    by_member = {person.member_id: person for person in found}
    if len(by_member) == 1:
        return found[0]
    if not by_member:
        ctx.reply(f"没有叫“{harmless(named, 20)}”的人。")
    else:
        numbers = "、".join(f"M{person.number}" for person in by_member.values())
        ctx.reply(f"叫“{harmless(named, 20)}”的有{len(by_member)}位：{numbers}。请用编号再发一次。")
    return None


def is_number(word: str) -> bool:
    """Whether it names a member as M37 does."""
    return _NUMBER.fullmatch(word) is not None


def change_role(ctx: CommandContext) -> None:
    if len(ctx.args) != 2:
        ctx.reply("这样写：/角色 M37 营养师；收回写 /角色 M37 -营养师。")
        return
    person, name = find(ctx, ctx.args[0]), ctx.args[1].lstrip("-－")
    if person is None:
        return
    if name not in ctx.sops.community.roles:
        meant = did_you_mean(name, ctx.sops.community.roles, "。有哪些角色，写在 community.yaml 里。")
        ctx.reply(f"没有“{harmless(name, 20)}”这个角色{meant}")
        return
    given = ctx.args[1] == name
    if (_give if given else _take)(ctx, person, name):
        ctx.can_undo({"number": person.number, "role": name, "given": given})


def change_back(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    person, name = directory.member_numbered(ctx.tx, args["number"], ctx.account), args["role"]
    assert person is not None, "members stay known"
    if args["given"] is not _has(ctx, person, name):
        ctx.reply("撤销不了：后来又改过了。")
        return False
    return (_take if args["given"] else _give)(ctx, person, name)


def _has(ctx: CommandContext, person: Person, name: str) -> bool:
    return name in roles.roles(ctx.tx).get(person.member_id, ())


def _give(ctx: CommandContext, person: Person, name: str) -> bool:
    if _has(ctx, person, name):
        ctx.reply(f"{shown(person)} 已经是{name}了。")
        return False
    roles.give(ctx.tx, person.member_id, name, given_by=ctx.person.member_id)
    record(ctx, "role_given", about=person, object_type="role", object_id=name)
    ctx.reply(f"好的，{shown(person)} 现在是{name}。")
    return True


def _take(ctx: CommandContext, person: Person, name: str) -> bool:
    if not roles.take(ctx.tx, person.member_id, name, taken_by=ctx.person.member_id):
        ctx.reply(f"{shown(person)} 不是{name}。")
        return False
    record(ctx, "role_taken", about=person, object_type="role", object_id=name)
    ctx.reply(f"好的，{shown(person)} 不再是{name}。")
    return True


def shown(person: Person) -> str:
    return f"M{person.number} {harmless_name(person.name)}"


COMMANDS = (
    Command(
        ("member role", "角色"),
        Who.ADMIN,
        "给一位成员角色，或者收回",
        change_role,
        where=Where.DESK,
        usage="M37 [-]营养师",
        undo=change_back,
    ),
)
