"""The gathered receipt: the first entry opens it, one message at its end thanks for all of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.people.directory import shown_names
from bot.sop import hashtags
from bot.sop.context import Context
from bot.sop.kinds.challenge.board import AnyRow, of_day, standing_entries
from bot.sop.kinds.challenge.model import Challenge, Entry, ReceiptWords
from bot.sop.templates import harmless
from bot.store.tables import interaction, texts

LATE_AFTER = timedelta(hours=2)
LONGEST_EXCERPT = 24
_PARTS_OF_DAY = ((4, "昨晚"), (11, "今早"), (14, "今天中午"), (17, "今天下午"), (24, "今晚"))


def gather(ctx: Context[Challenge], entry: int) -> None:
    """Note an entry of this room; the first one since the last receipt starts the clock.

    An entry whose receipt could not be posted (the room was disabled, say) is thanked for in the next one.
    """
    assert ctx.room is not None, "entries are made in rooms"
    run = ctx.open_run(f"room:{ctx.room.id}", "receipt")
    if run.state.get("first") is None:
        ctx.keep(run, {"first": entry})
    if not ctx.is_waiting(run, "receipt"):
        ctx.wake_at(run, ctx.now + ctx.sop.receipt.gather, "receipt")


def post(ctx: Context[Challenge]) -> None:
    """Thank for what was gathered; if all of it was taken back, for nothing."""
    assert ctx.run is not None, "a run waited"
    assert ctx.room is not None, "receipts are posted in rooms"
    first = ctx.run.state["first"]
    ctx.keep(ctx.run, {"first": None})
    entries = [row for row in standing_entries(ctx.tx, ctx.sop.id, ctx.room.id) if row.id >= first]
    if not entries:
        return
    moment = ctx.local(ctx.now)
    words = ReceiptWords(
        entries=_words(ctx, entries),
        count=len(entries),
        today=len(of_day(ctx, ctx.sop, ctx.room.id, ctx.now)),
        when=next(word for hour, word in _PARTS_OF_DAY if moment.hour < hour),
        challenge=ctx.sop.name,
    )
    ctx.say(ctx.sop.receipt.template, words, expires_after=LATE_AFTER)


def _words(ctx: Context[Challenge], entries: list[AnyRow]) -> tuple[Entry, ...]:
    names = shown_names(ctx.tx, {row.identity_id for row in entries}, ctx.room.id if ctx.room else None)
    said = _texts(ctx, [row.object_id for row in entries])
    return tuple(Entry(harmless(names[row.identity_id], 16), said.get(row.object_id, "")) for row in entries)


def _texts(ctx: Context[Challenge], run_ids: list[str]) -> dict[str, str]:
    """What people wrote beside the tag, by run id."""
    part, message = interaction.alias(), interaction.alias()
    joined = part.join(message, message.c.id == part.c.parent_event_id).join(
        texts, texts.c.id == message.c.text_id
    )
    query = (
        select(part.c.object_id, texts.c.body)
        .select_from(joined)
        .where(part.c.object_type == "run", part.c.object_id.in_(run_ids), part.c.name == "challenge_part")
        .order_by(part.c.id.desc())
    )
    return {row.object_id: _excerpt(row.body, ctx.sop.hashtag) for row in ctx.tx.connection.execute(query)}


def _excerpt(body: str, tag: str) -> str:
    return harmless(hashtags.without_tags(body, tag), LONGEST_EXCERPT)
