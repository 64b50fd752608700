"""``/member show`` and ``/member note``: who somebody is, and what our own people wrote down about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from bot.commands.people import find, is_number, shown
from bot.commands.record import record
from bot.commands.wording import day, span_of_days
from bot.naming import NAMES
from bot.people import cases, directory, roles, tags
from bot.people.directory import Person
from bot.scoring import book, days, facts
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless
from bot.store.session import insert_new
from bot.store.tables import interaction, membership, room, texts

MOST_FOUND, MOST_TAGS, MOST_NOTES = 5, 6, 3
NOTED, REMOVED, OBJECT = "member_noted", "note_removed", "note"
LONGEST_NOTE = 100


def show(ctx: CommandContext) -> None:
    if not ctx.args:
        ctx.reply("要看哪一位？例如 /成员 乙，或者 /成员 M37。")
        return
    if not is_number(ctx.args[0]) and _tell_apart(ctx, ctx.args[0]):
        return
    person = find(ctx, ctx.args[0])
    if person is not None:
        ctx.reply("\n".join(_card(ctx, person)))


def _tell_apart(ctx: CommandContext, name: str) -> bool:
    """Several of one name are listed with what tells them apart; False: there is one at most."""
    found = {person.member_id: person for person in directory.people_named(ctx.tx, name, ctx.account)}
    if len(found) < 2:
        return False
    people = "｜".join(_told_apart(ctx, person) for person in [*found.values()][:MOST_FOUND])
    first = next(iter(found.values())).number
    ctx.reply(f"{len(found)}位：{people}。发 /成员 M{first}")
    return True


def _told_apart(ctx: CommandContext, person: Person) -> str:
    mine = directory.identities_of(ctx.tx, person.member_id)
    return " ".join(filter(None, [f"M{person.number}", _rooms(ctx, mine), _last_said(ctx, mine)]))


def _card(ctx: CommandContext, person: Person) -> Iterator[str]:
    mine = directory.identities_of(ctx.tx, person.member_id)
    yield f"{shown(person)}｜{_rooms(ctx, mine) or '不在群里'}{_since(ctx, mine)}"
    yield f"{_last_said(ctx, mine) or '没说过话'}｜{_level(ctx, person, mine)}"
    held = roles.roles(ctx.tx).get(person.member_id, ())
    if held:
        yield f"角色：{'、'.join(sorted(held))}"
    known = tags.of(ctx.tx, person.member_id)
    if known:
        strongest = sorted(known.values(), key=lambda it: -abs(it.score))[:MOST_TAGS]
        yield f"标签：{'、'.join(f'{harmless(it.key, 10)}{it.score:+.1f}' for it in strongest)}"
    for number, _, words, at in notes_of(ctx, person)[-MOST_NOTES:]:
        yield f"备注{number}：{words}（{day(at)}）"
    yield from (
        f"投诉{case.number}没处理完"
        for case in cases.open_cases(ctx.tx, ctx.account)
        if case.identity_id in mine
    )


def _rooms(ctx: CommandContext, identities: Sequence[int]) -> str:
    query = (
        select(room.c.key)
        .select_from(membership.join(room, room.c.id == membership.c.room_id))
        .where(
            membership.c.identity_id.in_(identities),
            membership.c.left_at.is_(None),
        )
        .where(room.c.disabled_at.is_(None), room.c.key.is_not(None))
    )
    return "、".join(sorted(set(ctx.tx.connection.scalars(query))))


def _since(ctx: CommandContext, identities: Sequence[int]) -> str:
    joined = membership.c.identity_id.in_(identities)
    at = ctx.tx.connection.scalar(select(func.min(membership.c.joined_at)).where(joined))
    return "" if at is None else f"，{day(at.astimezone(ctx.sops.community.zone))}来的"


def _last_said(ctx: CommandContext, identities: Sequence[int]) -> str:
    """The day alone; never the words."""
    i = interaction.c
    query = select(func.max(i.occurred_at)).where(i.identity_id.in_(identities), i.name.in_(sorted(NAMES)))
    at = ctx.tx.connection.scalar(query)
    if at is None:
        return ""
    zone = ctx.sops.community.zone
    return f"{span_of_days(at.astimezone(zone).date(), ctx.now.astimezone(zone).date())}说过话"


def _level(ctx: CommandContext, person: Person, identities: Sequence[int]) -> str:
    scoring = ctx.sops.scoring
    if scoring is None:
        return "积分规则有错"
    stands = book.standing_of(ctx.tx.connection, person.member_id)
    zone = ctx.sops.community.zone
    known = facts.of_one(ctx.tx.connection, identities, scoring, zone, ctx.now)
    locked = stands.locked is not None and days.number(ctx.now, zone) <= stands.locked
    by_hand = "（人定的）" if locked else ""
    return f"{scoring.level(stands.level).name}{by_hand} 贡献分{known.score.total:.1f}"


# --- notes ---


def note(ctx: CommandContext) -> None:
    """``M37 坏果已补发`` writes one, ``M37`` lists them, ``M37 删 2`` takes one away."""
    if not ctx.args:
        ctx.reply("这样写：/备注 M37 坏果已补发；看全部发 /备注 M37；删一条发 /备注 M37 删 2。")
        return
    person = find(ctx, ctx.args[0])
    if person is None:
        return
    words = ctx.args[1:]
    if not words:
        _list_notes(ctx, person)
    elif words[0] in ("删", "del") and len(words) == 2 and words[1].isdigit():
        _remove(ctx, person, int(words[1]))
    else:
        _write(ctx, person, " ".join(words)[:LONGEST_NOTE])


def notes_of(ctx: CommandContext, person: Person) -> list[tuple[int, Any, str, datetime]]:
    """(number, row, words, local moment) of the notes that stand, oldest first; numbers never change."""
    i, gone = interaction.c, interaction.alias("gone")
    removed = select(gone.c.corrects_event_id).where(gone.c.name == REMOVED)
    about = map(str, directory.identities_of(ctx.tx, person.member_id))
    query = (
        select(i.id, i.text_id, i.occurred_at, texts.c.body, i.id.in_(removed).label("removed"))
        .select_from(interaction.outerjoin(texts, texts.c.id == i.text_id))
        .where(
            i.object_type == OBJECT,
            i.object_id.in_(about),
        )
        .where(i.name == NOTED)
        .order_by(i.id)
    )
    zone = ctx.sops.community.zone
    return [
        (number, row, harmless(row.body, LONGEST_NOTE), row.occurred_at.astimezone(zone))
        for number, row in enumerate(ctx.tx.connection.execute(query), 1)
        if not row.removed and row.body
    ]


def _list_notes(ctx: CommandContext, person: Person) -> None:
    found = notes_of(ctx, person)
    lines = [f"{number} {words}（{day(at)}）" for number, _, words, at in found]
    ctx.reply("\n".join(lines) if lines else f"M{person.number} 还没有备注。")


def _write(ctx: CommandContext, person: Person, words: str) -> None:
    text_id = ctx.tx.new_id()
    noted = _record(ctx, person, NOTED, text_id=text_id, text_len=len(words))
    insert_new(ctx.tx.connection, texts, [{"id": text_id, "body": words, "keep_until": None}])
    ctx.can_undo({"member": person.member_id, "note": noted})
    ctx.reply("记下了，仅运营可见。")


def _remove(ctx: CommandContext, person: Person, number: int) -> None:
    row = next((row for n, row, *_ in notes_of(ctx, person) if n == number), None)
    if row is None:
        ctx.reply(f"M{person.number} 没有第{number}条备注。发 /备注 M{person.number} 看全部。")
        return
    _erase(ctx, person, row)
    ctx.reply("删了。")


def take_back(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """The note that was just written goes, unless it is gone already."""
    person = directory.known_as(ctx.tx, [args["member"]], ctx.account).get(args["member"])
    notes = [] if person is None else notes_of(ctx, person)
    row = next((row for _, row, *_ in notes if row.id == args["note"]), None)
    if person is None or row is None:
        ctx.reply("撤销不了：那条备注已经不在了。")
        return False
    _erase(ctx, person, row)
    ctx.reply(f"撤销了，M{person.number} 的那条备注删了。")
    return True


def _erase(ctx: CommandContext, person: Person, row: Any) -> None:
    ctx.tx.connection.execute(delete(texts).where(texts.c.id == row.text_id))
    _record(ctx, person, REMOVED, corrects_event_id=row.id)


def _record(ctx: CommandContext, person: Person, what: str, **values: object) -> int | None:
    about = {"object_type": OBJECT, "object_id": str(person.identity_id)}
    return record(ctx, what, about=person, **about, **values)


COMMANDS: Sequence[Command] = (
    Command(
        ("member show", "成员"),
        Who.STAFF,
        "一位成员是谁，在哪些群，有什么备注",
        show,
        Where.DESK,
        usage="名字或M37",
    ),
    Command(
        ("member note", "备注"),
        Who.STAFF,
        "给一位成员记一笔，仅运营可见",
        note,
        Where.DESK,
        usage="M37 [要记的话]",
        recorded=1,
        undo=take_back,
    ),
)
