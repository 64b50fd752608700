"""The same table again: by its author it does not count, of somebody else's picture a human decides."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from bot.outbox.queue import Intent
from bot.sop import hashtags
from bot.sop.context import Context
from bot.sop.kinds.challenge import changes
from bot.sop.kinds.challenge.board import DUPLICATE, AnyRow
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.words import EntryWords
from bot.store.tables import identity, interaction, media, texts

FLAGGED = "ugc_flagged"
ALIKE = 4
"""Bits of 64 in which pictures that look the same may differ."""
SHORTEST, SAME_WORDS = 12, 0.9
MOST_READ = 3_000
_FLAT = 6
"""A picture with fewer edges than this, either way, looks like any other of one colour."""


@dataclass(slots=True)
class Table:
    """An entry (or what was tried) as it is compared."""

    run: str
    member_id: int
    pictures: dict[int, tuple[str | None, int | None]] = field(default_factory=dict)
    words: str = ""


def look(ctx: Context[Challenge]) -> None:
    """Some minutes after an entry, when its pictures are here: was it there before? Looks once."""
    assert ctx.run is not None, "a run waited"
    entry = ctx.run.state.get("entry")
    if entry is None or ctx.run.state.get("looked") == entry or ctx.run.state.get("by_hand"):
        return
    tables = _tables(ctx)
    mine = tables.pop(str(ctx.run.id), None)
    state = {**ctx.run.state, "looked": entry}
    if mine is not None and _is_again(mine, [t for t in tables.values() if t.member_id == mine.member_id]):
        _does_not_count(ctx, entry)
        return
    if mine is not None and _bears_anothers(mine, list(tables.values())):
        ctx.record(FLAGGED, identity_id=ctx.run.identity_id, parent=entry)
    ctx.keep(ctx.run, state)


def _does_not_count(ctx: Context[Challenge], entry: int) -> None:
    """Say so in private, the first time."""
    assert ctx.run is not None, "an attempt waited"
    assert ctx.run.identity_id is not None, "an attempt is a person's"
    who = ctx.run.identity_id
    i = interaction.c
    told = select(i.id).where(i.programme_id == ctx.sop.id, i.name == DUPLICATE, i.identity_id == who)
    if ctx.tx.connection.execute(told.limit(1)).first() is None:
        words = EntryWords(ctx.sop.name, "")
        ctx.say_private(who, ctx.sop.wording.duplicate, words, intent=Intent.SERVICE)
    ctx.record(DUPLICATE, identity_id=who, about=("run", str(ctx.run.id)), corrects=entry)
    changes.goes_out(ctx, ctx.run, entry)


def _is_again(mine: Table, before: list[Table]) -> bool:
    """Whether all of its pictures were there before, or its words on another day."""
    known = [one for table in before for one in table.pictures.values()]
    if mine.pictures and all(any(alike(one, other) for other in known) for one in mine.pictures.values()):
        return True
    return any(same_words(mine.words, table.words) for table in before)


def _bears_anothers(mine: Table, others: list[Table]) -> bool:
    known = [one for t in others if t.member_id != mine.member_id for one in t.pictures.values()]
    return any(alike(one, other) for one in mine.pictures.values() for other in known)


def alike(one: tuple[str | None, int | None], other: tuple[str | None, int | None]) -> bool:
    """The same bytes, or nearly the same look; each is (hash, dhash)."""
    if one[0] is not None and one[0] == other[0]:
        return True
    if one[1] is None or other[1] is None or not _FLAT <= _bits(one[1]) <= 64 - _FLAT:
        return False
    return _bits(one[1] ^ other[1]) <= ALIKE


def _bits(number: int) -> int:
    return (number & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def plain(text: str) -> str:
    """The form in which words are compared: letters and digits alone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text[:MOST_READ]).casefold())


def same_words(one: str, other: str) -> bool:
    """Whether two ``plain`` texts, long enough to mean something, share nearly all triples of characters.

    With other numbers in them (第10顿, 第11顿) they are of different tables.
    """
    if min(len(one), len(other)) < SHORTEST or re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    first, second = ({text[n : n + 3] for n in range(len(text) - 2)} for text in (one, other))
    return len(first & second) / len(first | second) >= SAME_WORDS


def _tables(ctx: Context[Challenge]) -> dict[str, Table]:
    """This entry and those before it in the challenge, by run id, the latest of them."""
    assert ctx.run is not None, "a run waited"
    found: defaultdict[str, Table] = defaultdict(lambda: Table("", 0))
    rows = _rows(ctx)
    me = next((row.member_id for row in rows if row.object_id == str(ctx.run.id)), None)
    for row in rows:
        if int(row.object_id) > ctx.run.id:
            continue
        table = found[row.object_id]
        table.run, table.member_id = row.object_id, row.member_id
        if row.media_id is not None and row.hash is not None:
            table.pictures[row.media_id] = (row.hash, row.dhash)
        elif row.body and row.member_id == me:  # nobody's words are compared with another's
            table.words += plain(hashtags.without_tags(row.body, ctx.sop.hashtag))
    return dict(found)


def _rows(ctx: Context[Challenge]) -> list[AnyRow]:
    part, message, withdrawn = interaction.alias(), interaction.alias(), interaction.alias()
    removed = select(withdrawn.c.corrects_event_id).where(
        withdrawn.c.programme_id == ctx.sop.id, withdrawn.c.name == "challenge_part_removed"
    )
    entered = select(interaction.c.object_id).where(
        interaction.c.programme_id == ctx.sop.id, interaction.c.name == "ugc_submitted"
    )
    joined = (
        part.join(message, message.c.id == part.c.parent_event_id)
        .join(identity, identity.c.id == part.c.identity_id)
        .outerjoin(texts, texts.c.id == message.c.text_id)
        .outerjoin(media, media.c.interaction_id == message.c.id)
    )
    return list(
        ctx.tx.connection.execute(
            select(
                part.c.object_id,
                identity.c.member_id,
                texts.c.body,
                media.c.id.label("media_id"),
                media.c.hash,
                media.c.dhash,
            )
            .select_from(joined)
            .where(part.c.programme_id == ctx.sop.id, part.c.name == "challenge_part")
            .where(part.c.object_id.in_(entered))
            .where(or_(media.c.hash.is_not(None), texts.c.body.is_not(None)), part.c.id.not_in(removed))
            .order_by(part.c.id.desc())
            .limit(MOST_READ)
        )
    )
