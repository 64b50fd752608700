"""The same table again: by its author it does not count, of somebody else's picture a human decides."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import bindparam, select

from bot.outbox.queue import Intent
from bot.people import directory
from bot.sop import hashtags
from bot.sop.context import Context
from bot.sop.kinds.challenge import changes
from bot.sop.kinds.challenge.board import DUPLICATE, GONE, OF_SOP, PART, AnyRow, removed, standing_entries
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.words import EntryWords
from bot.sop.runs import Run
from bot.store.pictures import State
from bot.store.quick import once
from bot.store.session import one_of
from bot.store.tables import identity, interaction, media, texts

FLAGGED = "ugc_flagged"
ALIKE = 4
"""Bits of 64 in which pictures that look the same may differ."""
SHORTEST, SAME_WORDS = 12, 0.9
MOST_LETTERS = 3_000
MOST_OWN, MOST_LOOKED_AT = 500, 2_000
"""Rows that are read of what a member set before, and pictures of anybody that are looked at, the latest."""
AGAIN = timedelta(minutes=4)
_FLAT = 6
"""A picture with fewer edges than this, either way, looks like any other of one colour."""

Looks = tuple[str | None, int | None]
"""A picture's hash and dhash."""
_part, _message = interaction.alias(), interaction.alias()


@dataclass(slots=True)
class Table:
    """An entry as it is compared; ``awaited``: some of its pictures are not here yet."""

    pictures: dict[int, Looks] = field(default_factory=dict)
    words: str = ""
    awaited: bool = False


def look(ctx: Context[Challenge]) -> None:
    """Was an entry there before? Asked once its pictures are here, and again if more have come.

    What a human approved, or counted by hand, is not asked about.
    """
    run = ctx.run
    assert run is not None, "a run waited"
    entry = run.state.get("entry")
    if entry is None or run.state.get("by_hand") or changes.is_approved(ctx.tx, ctx.sop.id, entry):
        return
    before = _own_tables(ctx, run)
    mine = before.pop(str(run.id), None)
    if mine is None or run.state.get("compared") == sorted(mine.pictures):
        return
    if mine.awaited:  # as long again as it took so far
        ctx.wake_at(run, ctx.now + max(AGAIN, ctx.now - run.opened_at), "look")
    elif _is_again(mine, list(before.values())):
        _does_not_count(ctx, run, entry)
    else:
        _compare_with_others(ctx, run, entry, mine)


def _does_not_count(ctx: Context[Challenge], run: Run, entry: int) -> None:
    """Say so in private, the first time."""
    assert run.identity_id is not None, "an attempt is a person's"
    who = run.identity_id
    i = interaction.c
    told = select(i.id).where(i.programme_id == ctx.sop.id, i.name == DUPLICATE, i.identity_id == who)
    if ctx.tx.connection.execute(told.limit(1)).first() is None:
        words = EntryWords(ctx.sop.name, "")
        ctx.say_private(who, ctx.sop.wording.duplicate, words, intent=Intent.SERVICE)
    ctx.record(DUPLICATE, identity_id=who, about=("run", str(run.id)), corrects=entry)
    changes.goes_out(ctx, run, entry)


def _compare_with_others(ctx: Context[Challenge], run: Run, entry: int, mine: Table) -> None:
    """Leave it to a human if somebody else set this table before."""
    if not run.state.get("flagged") and _bears_anothers(ctx, run, entry, mine):
        ctx.record(FLAGGED, identity_id=run.identity_id, parent=entry)
        run = ctx.keep(run, {**run.state, "flagged": True})
    ctx.keep(run, {**run.state, "compared": sorted(mine.pictures)})


def _is_again(mine: Table, before: list[Table]) -> bool:
    """Whether all of its pictures were there before, or its words."""
    known = [one for table in before for one in table.pictures.values()]
    if mine.pictures and all(any(alike(one, other) for other in known) for one in mine.pictures.values()):
        return True
    return any(same_words(mine.words, table.words) for table in before)


def _bears_anothers(ctx: Context[Challenge], run: Run, entry: int, mine: Table) -> bool:
    """Whether one of its pictures was in somebody else's table before."""
    whose = {"sop": ctx.sop.id, "entry": entry, "author": _author(ctx, run)}
    asked = {**whose, "messages": _messages_with(ctx, mine)}
    return ctx.tx.connection.execute(_OF_OTHERS, asked).first() is not None


_OF_OTHERS = once(
    select(_part.c.id)
    .select_from(_part.join(identity, identity.c.id == _part.c.identity_id))
    .where(one_of(_part.c.parent_event_id, "messages"), _part.c.id < bindparam("entry"))
    .where(_part.c.programme_id == OF_SOP, _part.c.name == PART)
    .where(identity.c.member_id != bindparam("author"))
    .limit(1)
)


def _messages_with(ctx: Context[Challenge], mine: Table) -> set[int]:
    """The messages that bear the same bytes, whenever they came, or the same look among the latest."""
    rows = ctx.tx.connection.execute(_SAME, {"hashes": [hash for hash, _ in mine.pictures.values()]})
    found = {row.interaction_id for row in rows}
    looks = {look for _, look in mine.pictures.values() if look is not None and _tells(look)}
    for row in ctx.tx.connection.execute(_LATEST) if looks else ():
        if any(_bits(look ^ row.dhash) <= ALIKE for look in looks):
            found.add(row.interaction_id)
    return found


_SAME = once(select(media.c.interaction_id).where(one_of(media.c.hash, "hashes")).limit(MOST_LOOKED_AT))
_LATEST = once(
    select(media.c.interaction_id, media.c.dhash)
    .where(media.c.dhash.is_not(None))
    .order_by(media.c.id.desc())
    .limit(MOST_LOOKED_AT)
)


def _author(ctx: Context[Challenge], run: Run) -> int:
    assert run.identity_id is not None, "an attempt is a person's"
    person = directory.person_by_id(ctx.tx, run.identity_id)
    assert person is not None, "attempts have authors"
    return person.member_id


def alike(one: Looks, other: Looks) -> bool:
    """The same bytes, or nearly the same look."""
    if one[0] is not None and one[0] == other[0]:
        return True
    if one[1] is None or other[1] is None or not _tells(one[1]):
        return False
    return _bits(one[1] ^ other[1]) <= ALIKE


def _tells(look: int) -> bool:
    """Whether there are edges enough to tell the picture by."""
    return _FLAT <= _bits(look) <= 64 - _FLAT


def _bits(number: int) -> int:
    return (number & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def plain(text: str) -> str:
    """The form in which words are compared: letters and digits alone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text[:MOST_LETTERS]).casefold())


def same_words(one: str, other: str) -> bool:
    """Whether two ``plain`` texts, long enough to mean something, share nearly all triples of characters.

    With other numbers in them (第10顿, 第11顿) they are of different tables.
    """
    if min(len(one), len(other)) < SHORTEST or re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    first, second = ({text[n : n + 3] for n in range(len(text) - 2)} for text in (one, other))
    return len(first & second) / len(first | second) >= SAME_WORDS


def _own_tables(ctx: Context[Challenge], run: Run) -> dict[str, Table]:
    """This entry and its author's others that count or wait for a human, by run."""
    found: defaultdict[str, Table] = defaultdict(Table)
    for row in _own_parts(ctx, run):
        table = found[row.object_id]
        if row.hash is not None:
            table.pictures[row.media_id] = (row.hash, row.dhash)
        elif row.state == State.WANTED:
            table.awaited = True
        elif row.body:
            table.words += plain(hashtags.without_tags(row.body, ctx.sop.hashtag))
    return dict(found)


def _own_parts(ctx: Context[Challenge], run: Run) -> list[AnyRow]:
    entries = standing_entries(ctx.tx, ctx.sop.id, member_id=_author(ctx, run), out=GONE)
    asked = {"runs": [row.object_id for row in entries]}
    return list(ctx.tx.connection.execute(_OWN_PARTS, asked))


_OWN_PARTS = once(
    select(
        _part.c.object_id,
        texts.c.body,
        *(media.c.id.label("media_id"), media.c.state, media.c.hash, media.c.dhash),
    )
    .select_from(
        _part.join(_message, _message.c.id == _part.c.parent_event_id)
        .outerjoin(texts, texts.c.id == _message.c.text_id)
        .outerjoin(media, media.c.interaction_id == _message.c.id)
    )
    .where(_part.c.object_type == "run", one_of(_part.c.object_id, "runs"))
    .where(_part.c.name == PART, ~removed(_part))
    .order_by(_part.c.id.desc())
    .limit(MOST_OWN)
)
