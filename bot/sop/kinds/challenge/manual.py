"""What is done to entries by hand: 撤回打卡 by their author, 算打卡 by an operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import exists, select

from bot.events import MessageKind, Quote
from bot.lexicon import normalize
from bot.people import directory
from bot.people.directory import Person, Room
from bot.sop import runs
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.index import is_for
from bot.sop.kinds.challenge import board, entries
from bot.sop.kinds.challenge.board import AnyRow
from bot.sop.kinds.challenge.entries import Attempt
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.words import EntryWords
from bot.sop.occasion import Heard
from bot.sop.templates import harmless_name
from bot.store.tables import identity, interaction
from bot.store.transaction import Transaction

WITHDRAW, COUNT = "撤回打卡", "算打卡"
LOOK_BACK = timedelta(hours=24)
STAFF = "staff"
_NONE = "今天还没有您的打卡。"


def words(sop: Challenge) -> tuple[str, ...]:
    """The words in a room that concern a challenge, beside its tag."""
    return (*sop.also, WITHDRAW, COUNT)


def concerns(sop: Challenge, heard: Heard) -> bool:
    """Whether the SOP's words are in it, which are for ``spoken`` and for no run that listens."""
    text = normalize(heard.text)
    return any(normalize(word) in text for word in words(sop))


def _bare(text: str) -> str:
    return text.strip(" 。！!～~\n")


def spoken(ctx: Context[Challenge]) -> bool | None:
    """Something with such a word was said."""
    assert ctx.heard is not None, "words are heard"
    said = _bare(ctx.heard.text)
    if said == WITHDRAW:
        return _withdraw_here(ctx)
    if said.startswith(COUNT) and ctx.heard.actor_role == STAFF:
        return _count_here(ctx, said.removeprefix(COUNT).strip())
    text = normalize(ctx.heard.text)
    if ctx.heard.message.kind is MessageKind.TEXT and any(normalize(it) in text for it in ctx.sop.also):
        entries.worded(ctx)
    return None


# --- 撤回打卡 ---


def _withdraw_here(ctx: Context[Challenge]) -> bool | None:
    """The author's latest entry of today, or the one of which a message is quoted."""
    assert ctx.heard is not None, "somebody asks"
    found = _to_withdraw(ctx.tx, _playing(ctx), ctx.heard, ctx)
    if found is None or found[0].id != ctx.sop.id:
        return None
    _withdraw(ctx, found[1])
    if not ctx.heard.late:
        ctx.say(ctx.sop.wording.withdrawn, EntryWords(ctx.sop.name, ""))
    return True


def withdraw(ctx: CommandContext) -> None:
    """``/撤回打卡``, and the bare words in private or with a mention."""
    found = _to_withdraw(ctx.tx, _playing(ctx), ctx.heard, ctx)
    if found is None:
        ctx.reply(_NONE)
        return
    sop, row = found
    _withdraw(ctx.kind_context(sop, directory.room_by_id(ctx.tx, row.room_id)), row)
    ctx.reply(f"{sop.name}里您这一桌撤回好了，想重来随时再发。")


def _withdraw(ctx: Context[Challenge], row: AnyRow) -> None:
    run = runs.by_id(ctx.tx, int(row.object_id))
    assert run is not None, "an entry is made in a run"
    entries.withdraw(ctx, Attempt(ctx.keep(run, {**run.state, "entry": row.id})))


def _playing(ctx: CommandContext | Context[Challenge]) -> list[Challenge]:
    """The challenges of the room at hand, or all in private."""
    room: Room | None = ctx.room
    found = [sop for sop in ctx.sops.sops.values() if isinstance(sop, Challenge)]
    return [sop for sop in found if room is None or is_for(sop, room.key)]


def _to_withdraw(
    tx: Transaction, sops: Sequence[Challenge], heard: Heard, ctx: CommandContext | Context[Challenge]
) -> tuple[Challenge, AnyRow] | None:
    zone, me = ctx.sops.community.zone, heard.person.member_id
    mine = [(sop, row) for sop in sops for row in _own(tx, sop, me)]
    if heard.message.quote is not None and (message := _message(tx, heard, heard.message.quote)) is not None:
        run_ids = _runs_of(tx, message)
        return next(((sop, row) for sop, row in mine if row.object_id in run_ids), None)
    today = [
        (sop, row)
        for sop, row in mine
        if sop.day_of(row.occurred_at, zone) == sop.day_of(heard.occurred_at, zone)
    ]
    return max(today, key=lambda pair: pair[1].id, default=None)


def _own(tx: Transaction, sop: Challenge, member_id: int) -> list[AnyRow]:
    """What a member could take back: entries that stand, or wait for a human."""
    return list(board.standing_entries(tx, sop.id, member_id=member_id, out=board.GONE))


def _runs_of(tx: Transaction, message: int) -> set[str]:
    i = interaction.c
    query = select(i.object_id).where(i.parent_event_id == message, i.name == board.PART)
    return set(tx.connection.scalars(query))


def _message(tx: Transaction, heard: Heard, quote: Quote) -> int | None:
    """The interaction of a quoted message, by the platform's id."""
    if not quote.message_id:
        return None
    mine = select(identity.c.source).where(identity.c.id == heard.person.identity_id).scalar_subquery()
    i = interaction.c
    query = select(i.id).where(i.source == mine, i.source_id == quote.message_id)
    return tx.connection.execute(query.limit(1)).scalar()


# --- 算打卡 ---


def _count_here(ctx: Context[Challenge], named: str) -> bool | None:
    """An operator quotes a picture; where several challenges run, they name the one they mean."""
    assert ctx.heard is not None, "somebody says so"
    quote = ctx.heard.message.quote
    sop = _meant(_playing(ctx), named, ctx)
    if quote is None or sop is None or sop.id != ctx.sop.id:
        return None
    picture = _quoted_picture(ctx, ctx.heard, quote)
    if picture is not None:
        entries.by_hand(ctx, _as_heard(ctx.heard, *picture, room=ctx.room))
    return True


def count(ctx: CommandContext) -> None:
    """``/算打卡 M37``: the latest picture of a member within a day that is part of no entry."""
    number = (ctx.args[0] if ctx.args else "").upper().removeprefix("M")
    known = number.isdecimal() and len(number) < 10
    person = directory.member_numbered(ctx.tx, int(number), ctx.account) if known else None
    sop = _meant(_playing(ctx), " ".join(ctx.args[1:]), ctx)
    if person is None or sop is None:
        ctx.reply("请写成 /算打卡 M37；同时有几个挑战时，后面再写挑战的名字。")
        return
    row = _latest_picture(ctx.tx, sop.id, person, None, ctx.heard)
    done = row is not None and _count(ctx, sop, row, person)
    name = harmless_name(person.name)
    ctx.reply(f"好的，{name}这张算一桌。" if done else f"{name}一天内没有能算的图，或者那天已经有一桌了。")


def _count(ctx: CommandContext, sop: Challenge, row: AnyRow, person: Person) -> bool:
    room = directory.room_by_id(ctx.tx, row.room_id)
    if room is None or not room.enabled or not is_for(sop, room.key):
        return False
    return entries.by_hand(ctx.kind_context(sop, room), _as_heard(ctx.heard, row, person, room=room))


def _meant(
    sops: Sequence[Challenge], named: str, ctx: CommandContext | Context[Challenge]
) -> Challenge | None:
    """The challenge that is named, or the only one that runs."""
    day = ctx.sops.community.zone
    running = [sop for sop in sops if sop.days.contains(sop.day_of(ctx.now, day))]
    if named:
        running = [
            sop
            for sop in running
            if named.strip("#") in (*sop.also, sop.name, sop.hashtag, sop.id) or named in sop.name
        ]
    return running[0] if len(running) == 1 else None


def _quoted_picture(ctx: Context[Challenge], heard: Heard, quote: Quote) -> tuple[AnyRow, Person] | None:
    """By the platform's id; else the latest of whoever alone here is called so."""
    message = _message(ctx.tx, heard, quote)
    if message is not None:
        i = interaction.c
        query = select(i.id, i.occurred_at, i.room_id, i.identity_id)
        row = ctx.tx.connection.execute(query.where(i.id == message, i.media_count > 0)).first()
        person = None if row is None else directory.person_by_id(ctx.tx, row.identity_id)
        return None if row is None or person is None else (row, person)
    room_id = None if ctx.room is None else ctx.room.id
    people = directory.people_named(ctx.tx, quote.sender, ctx.account, room_id) if quote.sender else []
    if len(people) != 1:
        return None
    row = _latest_picture(ctx.tx, ctx.sop.id, people[0], room_id, heard)
    return None if row is None else (row, people[0])


def _latest_picture(
    tx: Transaction, sop_id: str, person: Person, room_id: int | None, heard: Heard
) -> AnyRow | None:
    """The last picture within a day that is part of no entry of the challenge, and was not taken back."""
    i, follows = interaction.c, interaction.alias()
    part = exists().where(
        follows.c.parent_event_id == i.id,
        follows.c.name == board.PART,
        follows.c.programme_id == sop_id,
        ~board.removed(follows),
    )
    gone = interaction.alias()
    recalled = exists().where(gone.c.parent_event_id == i.id, gone.c.name == "message_recalled")
    query = (
        select(i.id, i.occurred_at, i.room_id)
        .where(i.identity_id == person.identity_id, i.name == "message_posted", i.media_count > 0)
        .where(
            i.occurred_at.between(heard.occurred_at - LOOK_BACK, heard.occurred_at), i.room_id.is_not(None)
        )
        .where(~part, ~recalled)
    )
    if room_id is not None:
        query = query.where(i.room_id == room_id)
    return tx.connection.execute(query.order_by(i.id.desc()).limit(1)).first()


def _as_heard(said: Heard, row: AnyRow, person: Person, *, room: Room | None) -> Heard:
    """The picture as if it were heard now, from its author."""
    message = replace(said.message, kind=MessageKind.IMAGE, text="", quote=None)
    return Heard(row.id, message, person, room, row.occurred_at, said.late)
