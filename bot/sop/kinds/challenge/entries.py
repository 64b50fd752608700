"""From messages to entries, and back when they are recalled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Row, bindparam, exists, select

from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.challenge import board, changes, duplicates, prizes, reminder, streaks
from bot.sop.kinds.challenge.board import OF_SOP, PART, PART_REMOVED, removed
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.receipt import gather
from bot.sop.occasion import Heard
from bot.sop.runs import Run
from bot.store.ids import next_number
from bot.store.quick import once
from bot.store.tables import interaction
from bot.store.tables import run as runs_table
from bot.store.types import UtcTime

PATIENCE = timedelta(minutes=15)
"""How long after its window an attempt still takes what was said in time but is heard late."""

MOST_PICTURES = 30
"""Pictures from before the tag that an entry takes, the latest."""
_part, _recall = interaction.alias(), interaction.alias()
LOOK_AFTER = timedelta(minutes=4)
"""By then the pictures of an entry have been fetched, as a rule, and can be compared."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A member's try of a day."""

    run: Run

    @property
    def tagged_at(self) -> datetime:
        return datetime.fromisoformat(self.run.state["tagged_at"])

    @property
    def entry(self) -> int | None:
        return self.run.state.get("entry")

    def takes(self, heard: Heard, within: timedelta) -> bool:
        """Whether a message is near enough to the tag, in the same room."""
        here = heard.room is not None and heard.room.id == self.run.room_id
        return here and abs(heard.occurred_at - self.tagged_at) <= within


def tagged(ctx: Context[Challenge]) -> None:
    """A message with the tag: the words of an entry, with what pictures there were just before."""
    _hear_words(ctx, also=False)


def worded(ctx: Context[Challenge]) -> None:
    """A word that stands for the tag, if a picture goes with it."""
    _hear_words(ctx, also=True)


def _hear_words(ctx: Context[Challenge], *, also: bool) -> None:
    heard = ctx.heard
    assert heard is not None, "tags are heard"
    day = ctx.sop.day_of(heard.occurred_at, ctx.sops.community.zone)
    if not ctx.sop.days.contains(day) or prizes.ended(ctx, ctx.sop):
        return
    said_on, day = day, streaks.day_meant(ctx, day)
    if day != said_on:
        _set_apart(ctx, heard)
    attempt = _latest(ctx, day)
    if attempt is not None and attempt.run.is_open and attempt.takes(heard, ctx.sop.entry.join_within):
        if also and attempt.entry is not None:
            return  # mere talk about the table
        _add_part(ctx, attempt.run, heard.id, heard.occurred_at, picture=heard.is_picture)
        if attempt.entry is None:
            also = also and attempt.run.state.get("also", False)
            attempt = _wait_for_pictures(ctx, attempt.run, heard.occurred_at, also=also)
        _complete(ctx, attempt)
    elif attempt is None or attempt.entry is None:  # else the day has its entry, and this is mere talk
        if attempt is not None and attempt.run.is_open:
            ctx.close(attempt.run)
        _complete(ctx, _begin(ctx, heard, day, attempt, also=also))


def by_hand(ctx: Context[Challenge], picture: Heard) -> bool:
    """A human says that somebody's picture counts, without words; False where the day has its entry."""
    day = ctx.sop.day_of(picture.occurred_at, ctx.sops.community.zone)
    ctx = replace(ctx, heard=picture, key=f"{ctx.key}:by hand")
    attempt = _latest(ctx, day)
    over = not ctx.sop.days.contains(day) or prizes.ended(ctx, ctx.sop)
    if over or (attempt is not None and attempt.entry is not None):
        return False
    if attempt is not None and attempt.run.is_open:
        for part in _live_parts(ctx, attempt.run.id):
            ctx.record(PART_REMOVED, identity_id=picture.person.identity_id, parent=part.id, corrects=part.id)
        ctx.close(attempt.run)
    begun = _begin(ctx, picture, day, attempt)
    _complete(ctx, Attempt(ctx.keep(begun.run, {**begun.run.state, "by_hand": True})))
    return True


def heard(ctx: Context[Challenge]) -> None:
    """A picture after the tag, by somebody whose attempt is under way."""
    assert ctx.heard is not None, "only what was said is heard"
    assert ctx.run is not None, "only runs listen"
    attempt = Attempt(ctx.run)
    if ctx.heard.is_picture and attempt.takes(ctx.heard, ctx.sop.entry.join_within):
        _add_part(ctx, attempt.run, ctx.heard.id, ctx.heard.occurred_at, picture=True)
        _complete(ctx, attempt)


def lapsed(ctx: Context[Challenge]) -> None:
    """The window is long over: an attempt listens no more; without an entry another may begin."""
    assert ctx.run is not None, "a run waited"
    ctx.close(ctx.run)
    duplicates.look(ctx)  # what came meanwhile


def recalled(ctx: Context[Challenge]) -> None:
    """A message was taken back: what it was a part of may be an entry no more."""
    assert ctx.recalled is not None, "something was recalled"
    for part in _parts_of_message(ctx, ctx.recalled.id):
        ctx.record(PART_REMOVED, identity_id=ctx.recalled.identity_id, parent=part.id, corrects=part.id)
        run = runs.by_id(ctx.tx, int(part.object_id))
        if run is not None:
            _withdraw_if_broken(ctx, Attempt(run))


def _set_apart(ctx: Context[Challenge], heard: Heard) -> None:
    """A day is made up: pictures since this person's tables were whole, and yet to come, are not of them."""
    scope = _scope(ctx)
    for run in runs.open_runs(ctx.tx, ctx.sop.id, scope):
        if run.scope == scope and Attempt(run).entry is not None:
            ctx.listen(run, heard.occurred_at - timedelta(seconds=1))
            for part in _live_parts(ctx, run.id):
                if part.media_count and part.id > Attempt(run).entry:
                    ctx.record(PART_REMOVED, identity_id=run.identity_id, parent=part.id, corrects=part.id)


def _latest(ctx: Context[Challenge], day: date) -> Attempt | None:
    """The member's last attempt of the day, in whatever room."""
    asked = {"sop": ctx.sop.id, "about": _scope(ctx), "of_day": f"{day.isoformat()}#"}
    id = ctx.tx.connection.scalar(_LATEST, asked)
    run = None if id is None else runs.by_id(ctx.tx, id)
    return None if run is None else Attempt(run)


_LATEST = once(
    select(runs_table.c.id)
    .where(runs_table.c.sop_id == bindparam("sop"), runs_table.c.scope == bindparam("about"))
    .where(runs_table.c.occurrence.startswith(bindparam("of_day", type_=runs_table.c.occurrence.type)))
    .order_by(runs_table.c.id.desc())
    .limit(1)
)


def _scope(ctx: Context[Challenge]) -> str:
    assert ctx.heard is not None, "attempts begin with what was said"
    return f"member:{ctx.heard.person.member_id}"


def _occurrence(day: date, number: int) -> str:
    return f"{day.isoformat()}#{number}"


def _begin(
    ctx: Context[Challenge], heard: Heard, day: date, before: Attempt | None, *, also: bool = False
) -> Attempt:
    """A new attempt from the message with the tag, with what pictures of the person are near it."""
    number = 1 if before is None else int(before.run.occurrence.rpartition("#")[2]) + 1
    run = ctx.open_run(_scope(ctx), _occurrence(day, number), person=heard.person)
    _add_part(ctx, run, heard.id, heard.occurred_at, picture=heard.is_picture)
    for picture in _loose_pictures(ctx, heard, ctx.sop.entry.join_within):
        _add_part(ctx, run, picture.id, picture.occurred_at, picture=True)
    return _wait_for_pictures(ctx, run, heard.occurred_at, also=also)


def _wait_for_pictures(
    ctx: Context[Challenge], run: Run, tagged_at: datetime, *, also: bool = False
) -> Attempt:
    """Listen for pictures from the tag on; a further tag before the entry is whole begins the window anew."""
    ends = tagged_at + ctx.sop.entry.join_within
    ctx.listen(run, ends)
    ctx.wake_at(run, ends + PATIENCE, "lapse")
    state = {"tagged_at": tagged_at.isoformat(), "entry": None, **({"also": True} if also else {})}
    return Attempt(ctx.keep(run, state))


def _add_part(
    ctx: Context[Challenge], run: Run, message: int, occurred_at: datetime, *, picture: bool
) -> None:
    ctx.record(
        PART,
        identity_id=run.identity_id,
        about=("run", str(run.id)),
        parent=message,
        occurred_at=occurred_at,
        media=int(picture),
    )


def _loose_pictures(ctx: Context[Challenge], heard: Heard, within: timedelta) -> Sequence[Row[int, datetime]]:
    """This person's pictures here that are near, not recalled, and belong to no attempt yet.

    They are older than the tag, unless the tag was heard late.
    """
    said = {"sop": ctx.sop.id, "who": heard.person.identity_id, "here": heard.room and heard.room.id}
    near = {"since": heard.occurred_at - within, "until": heard.occurred_at + within, "but": heard.id}
    return list(reversed(ctx.tx.connection.execute(_LOOSE, said | near).all()))


_spoken_for = exists().where(
    _part.c.parent_event_id == interaction.c.id,
    _part.c.name == PART,
    _part.c.programme_id == OF_SOP,
    ~removed(_part),
)
_taken_back = exists().where(
    _recall.c.parent_event_id == interaction.c.id, _recall.c.name == "message_recalled"
)
_SINCE, _UNTIL = bindparam("since", type_=UtcTime), bindparam("until", type_=UtcTime)
_LOOSE = once(
    select(interaction.c.id, interaction.c.occurred_at)
    .where(interaction.c.identity_id == bindparam("who"), interaction.c.room_id == bindparam("here"))
    .where(interaction.c.occurred_at.between(_SINCE, _UNTIL))
    .where(interaction.c.media_count > 0, interaction.c.name == "message_posted")
    .where(~_spoken_for, ~_taken_back, interaction.c.id != bindparam("but"))
    .order_by(interaction.c.id.desc())
    .limit(MOST_PICTURES)
)


def _complete(ctx: Context[Challenge], attempt: Attempt) -> None:
    """Make the entry once its halves are there; it is of the moment of its tag, and so of that day."""
    if attempt.entry is not None or not is_whole(ctx, attempt.run):
        return
    assert ctx.heard is not None, "an entry is completed by what was said"
    about, at = ("run", str(attempt.run.id)), attempt.tagged_at
    number = next_number(ctx.tx.connection, "challenge_entry")
    entry = ctx.record("ugc_submitted", person=ctx.heard.person, about=about, occurred_at=at, value=number)
    ctx.record("challenge_entered", person=ctx.heard.person, about=about, occurred_at=at)
    assert entry is not None, "a message is heard once"
    run = ctx.keep(attempt.run, {**attempt.run.state, "entry": entry})
    ctx.wake_at(run, ctx.now + LOOK_AFTER, "look")
    if ctx.sop.review.needed and not run.state.get("by_hand"):
        ctx.record(board.HELD, identity_id=run.identity_id, about=about, corrects=entry)
        reminder.expect(ctx)
        return
    changes.comes_in(ctx, run, entry, entry)
    if not ctx.heard.late:
        gather(ctx, entry)


def is_whole(ctx: Context[Challenge], run: Run) -> bool:
    parts = _live_parts(ctx, run.id)
    pictures, words = any(p.media_count for p in parts), any(not p.media_count for p in parts)
    if run.state.get("by_hand"):
        return pictures
    return words and (pictures or not ("图片" in ctx.sop.entry.needs or run.state.get("also")))


def _withdraw_if_broken(ctx: Context[Challenge], attempt: Attempt) -> None:
    assert ctx.recalled is not None, "a recall breaks entries"
    parts = _live_parts(ctx, attempt.run.id)
    if attempt.entry is not None and not is_whole(ctx, attempt.run):
        withdraw(ctx, attempt)
    elif attempt.entry is None and all(part.media_count for part in parts):
        ctx.close(attempt.run)


def withdraw(ctx: Context[Challenge], attempt: Attempt) -> None:
    """The author took the entry back, or a part without which it is none; the day may have another."""
    assert attempt.entry is not None, "there is an entry"
    who = attempt.run.identity_id
    about = ("run", str(attempt.run.id))
    ctx.record(board.WITHDRAWN, identity_id=who, about=about, corrects=attempt.entry)
    changes.goes_out(ctx, attempt.run, attempt.entry)
    for part in _live_parts(ctx, attempt.run.id):  # a picture that is left may stand in the next attempt
        ctx.record(PART_REMOVED, identity_id=who, parent=part.id, corrects=part.id)


def _live_parts(ctx: Context[Challenge], run_id: int) -> Sequence[Row[int, int]]:
    """The parts of an attempt that were not removed, as (id, media_count)."""
    return list(ctx.tx.connection.execute(_LIVE_PARTS, {"run": str(run_id)}))


_LIVE_PARTS = once(
    select(interaction.c.id, interaction.c.media_count).where(
        interaction.c.object_type == "run",
        interaction.c.object_id == bindparam("run"),
        interaction.c.name == PART,
        ~removed(interaction),
    )
)


def _parts_of_message(ctx: Context[Challenge], message: int) -> Sequence[Row[int, str | None]]:
    query = select(interaction.c.id, interaction.c.object_id).where(
        interaction.c.parent_event_id == message,
        interaction.c.name == PART,
        interaction.c.programme_id == ctx.sop.id,
        ~removed(interaction),
    )
    return list(ctx.tx.connection.execute(query))
