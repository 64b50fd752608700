"""The gathered receipt: the first entry opens it, one message at its end thanks for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.people.directory import shown_names
from bot.sop import hashtags, runs
from bot.sop.context import Context
from bot.sop.kinds.challenge import featured, hints, stories, streaks
from bot.sop.kinds.challenge.board import AnyRow, standing_entries, today
from bot.sop.kinds.challenge.model import Badge, Challenge, Entry, ReceiptWords
from bot.sop.templates import harmless, harmless_name
from bot.store.quick import once
from bot.store.session import one_of
from bot.store.tables import interaction, texts

LATE_AFTER = timedelta(hours=2)
MARGIN = timedelta(minutes=5)
LOOK_BACK = timedelta(days=1)
"""How long an entry waits for its thanks at most."""
LONGEST_EXCERPT = 24
_PARTS_OF_DAY = ((4, "昨晚"), (11, "今早"), (14, "今天中午"), (17, "今天下午"), (24, "今晚"))
_part, _message = interaction.alias(), interaction.alias()


def gather(ctx: Context[Challenge], entry: int) -> None:
    """Note an entry of this room; the first one since the last receipt starts the clock.

    What is gathered when the quiet hours begin is thanked for in the morning, with the night's own words.
    """
    assert ctx.room is not None, "entries are made in rooms"
    scope = f"room:{ctx.room.id}"
    gathering = [run for run in runs.open_runs(ctx.tx, ctx.sop.id, scope) if run.scope == scope]
    run = gathering[0] if gathering else ctx.open_run(scope, f"receipt:{ctx.key}")
    ctx.keep(run, {"entries": [*run.state.get("entries", ()), entry]})
    if not ctx.is_waiting(run, "receipt"):
        ctx.wake_at(run, _end(ctx), "receipt")


def _end(ctx: Context[Challenge]) -> datetime:
    """When to thank for what is gathered: not so near to the quiet hours that it might not leave any more."""
    end = ctx.now + ctx.sop.receipt.gather
    opens_at = ctx.next_open(end + MARGIN)
    return end if opens_at == end + MARGIN else opens_at


def post(ctx: Context[Challenge]) -> None:
    """Thank for what was gathered; if all of it was taken back, for nothing."""
    assert ctx.run is not None, "a run waited"
    assert ctx.room is not None, "receipts are posted in rooms"
    ctx.close(ctx.run)
    gathered = set(ctx.run.state.get("entries", ()))
    since = ctx.now - ctx.sop.receipt.gather - LOOK_BACK
    entries = [row for row in standing_entries(ctx.tx, ctx.sop.id, ctx.room.id, since) if row.id in gathered]
    if not entries:
        return
    said = _said(ctx, [row.object_id for row in entries])
    words = ReceiptWords(
        entries=_words(ctx, entries, said),
        count=len(entries),
        today=len(today(ctx, ctx.sop, ctx.room.id)),
        when=_when(ctx, entries[-1].occurred_at),
        challenge=ctx.sop.name,
        badges=_badges(ctx, entries),
        ask="",
        reuse="",
        hint="",
        tag=ctx.sop.hashtag,
    )
    words, called = _with_question(ctx, words, entries, said)
    quotes = [message for message, _ in said.values()]
    ctx.say(ctx.sop.receipt.template, words, expires_after=LATE_AFTER, quotes=quotes, mentions=called)


def _with_question(
    ctx: Context[Challenge], words: ReceiptWords, entries: list[AnyRow], said: dict[str, tuple[int, str]]
) -> tuple[ReceiptWords, tuple[int, ...]]:
    """The words with the one thing that a receipt asks, if it asks any; and whom it calls for that."""
    reuse = featured.ask_here(ctx)
    if reuse is not None:
        return replace(words, reuse=_name(ctx, reuse)), (reuse,)
    hinted = hints.whom(ctx, entries)
    if hinted is not None:  # who is new comes before who is asked for more
        return replace(words, hint=_name(ctx, hinted)), ()
    asked = stories.ask(ctx, entries, _told(ctx, said))
    return words if asked is None else replace(
        words, ask=asked.prompt, asked=_name(ctx, asked.identity_id)
    ), ()


def _badges(ctx: Context[Challenge], entries: list[AnyRow]) -> tuple[Badge, ...]:
    """What the entries brought beside thanks."""
    found = streaks.badges_of(ctx.tx, ctx.sop.id, [row.id for row in entries])
    return tuple(Badge(_name(ctx, who), days) for who, days in found)


def _name(ctx: Context[Challenge], identity_id: int) -> str:
    names = shown_names(ctx.tx, [identity_id], ctx.room.id if ctx.room else None)
    return harmless_name(names[identity_id])


def _told(ctx: Context[Challenge], said: dict[str, tuple[int, str]]) -> dict[str, str]:
    return {run: hashtags.without_tags(body, ctx.sop.hashtag) for run, (_, body) in said.items()}


def _when(ctx: Context[Challenge], last: datetime) -> str:
    """What the time is called of which the receipt speaks."""
    zone = ctx.sops.community.zone
    if ctx.sop.day_of(last, zone) < ctx.sop.day_of(ctx.now, zone):
        return "昨晚"
    hour = ctx.local(ctx.now).hour
    return next(word for until, word in _PARTS_OF_DAY if hour < until)


def _words(
    ctx: Context[Challenge], entries: list[AnyRow], said: dict[str, tuple[int, str]]
) -> tuple[Entry, ...]:
    names = shown_names(ctx.tx, {row.identity_id for row in entries}, ctx.room.id if ctx.room else None)
    texts_of = {run: _excerpt(body, ctx.sop.hashtag) for run, (_, body) in said.items()}
    return tuple(
        Entry(harmless_name(names[row.identity_id]), texts_of.get(row.object_id, "")) for row in entries
    )


def _said(ctx: Context[Challenge], run_ids: list[str]) -> dict[str, tuple[int, str]]:
    """What people wrote with the tag, by run id: (message, its words)."""
    return {row.object_id: (row.id, row.body) for row in ctx.tx.connection.execute(_SAID, {"runs": run_ids})}


_SAID = once(
    select(_part.c.object_id, _message.c.id, texts.c.body)
    .select_from(
        _part.join(_message, _message.c.id == _part.c.parent_event_id).join(
            texts, texts.c.id == _message.c.text_id
        )
    )
    .where(_part.c.object_type == "run", one_of(_part.c.object_id, "runs"))
    .where(_part.c.name == "challenge_part")
    .order_by(_part.c.id.desc())
)


def _excerpt(body: str, tag: str) -> str:
    return harmless(hashtags.without_tags(body, tag), LONGEST_EXCERPT)
