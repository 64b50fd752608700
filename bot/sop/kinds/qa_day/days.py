"""The day of a room: opened by the first reminder or the opening, with its cards, its digest and its end.

A day is a run of the room (``room:ID``, the local date of the opening). It hears the whole room from then on
until some days after the digest, for thanks, and longer where questions are left that nobody answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.outbox.queue import Intent
from bot.people.directory import Room
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.qa_day import board, ladder, shown
from bot.sop.kinds.qa_day.board import OBJECT, QuestionRow, Status
from bot.sop.kinds.qa_day.model import CardsWords, DayWords, DigestWords, QaDay
from bot.sop.runs import Run

CARRIED = "question_carried"
HANDED_OVER = "question_handed_over"
AT_ONCE = 4
"""Cards in a message, so that it fits a phone."""
IN_THE_OPENING = 2
"""Questions of the last day that the opening post names; the others come as cards."""
LATER_THANKS = timedelta(days=3)
"""How long after an answer it can be thanked for by a quote or a mention."""
WITHOUT_DIGEST = timedelta(hours=12)
LEFT_OVER = timedelta(days=15)
"""How long after its day a question that nobody answered is still listened for."""
LATE_AFTER = timedelta(hours=3)
_WEEKDAYS = "一二三四五六日"


def current(ctx: Context[QaDay], room_id: int) -> Run | None:
    """The last day of a room that is not over."""
    open_days = runs.open_runs(ctx.tx, ctx.sop.id, f"room:{room_id}")
    mine = [run for run in open_days if run.scope == f"room:{room_id}"]
    return max(mine, key=lambda run: run.occurrence, default=None)


def is_open(day: Run | None, at: datetime) -> bool:
    """Whether questions are accepted."""
    return day is not None and day.opened_at <= at <= _until(day)


def _until(day: Run) -> datetime:
    return datetime.fromisoformat(day.state["until"])


def remind(ctx: Context[QaDay]) -> None:
    """Tell of the next day; from the first time on questions are accepted."""
    zone, moment = ctx.sops.community.zone, ctx.due_at or ctx.now
    opens = ctx.sop.every.next_after(moment - timedelta(milliseconds=1), zone)
    if opens is None:
        return
    day = _open(ctx, ctx.local(opens).date())
    reminder = ctx.sop.remind[ctx.nth]
    ctx.say(reminder.template, _words(ctx, day, []), intent=Intent.GIVE, expires_after=ctx.sop.late_after)


def announce(ctx: Context[QaDay]) -> None:
    """The opening post, with what is left from the last day."""
    day = _open(ctx, ctx.local(ctx.due_at or ctx.now).date())
    left = [row for row in _left(ctx, day) if row.number not in day.state["uncarded"]]
    shown_now = left[:IN_THE_OPENING]
    ctx.say(
        ctx.sop.opening,
        _words(ctx, day, shown_now),
        intent=Intent.GIVE,
        expires_after=ctx.sop.late_after,
        quotes=[row.message_id for row in shown_now],
    )
    show_soon(ctx, day, [row.number for row in left[IN_THE_OPENING:]])


def _open(ctx: Context[QaDay], date: date) -> Run:
    """The day's run; where it is new, with the questions that wait for it."""
    assert ctx.room is not None, "slots belong to rooms"
    scope = f"room:{ctx.room.id}"
    before = runs.find(ctx.tx, ctx.sop.id, scope, date.isoformat())
    if before is not None and before.is_open and ctx.is_waiting(before, "digest"):
        return before
    zone = ctx.sops.community.zone
    until = ctx.sop.ends(date, zone)
    until = max(until, ctx.now + timedelta(hours=1))
    state: dict[str, Any] = {"until": until.isoformat(), "uncarded": [], "card": None, "hinted": {}}
    _end_older(ctx, ctx.room)
    day = ctx.open_run(scope, date.isoformat(), state=state)
    if not day.is_open:
        runs.change(ctx.tx, day.id, closed_at=None)
        day = replace(ctx.keep(day, state), closed_at=None)
    ends = _digest_at(ctx, until)
    ctx.listen(day, ends)
    ctx.wake_at(day, ends, "digest")
    return _take_in(ctx, day)


def _end_older(ctx: Context[QaDay], room: Room) -> None:
    """Days that had their digest listen no more, now that another one begins."""
    for run in runs.open_runs(ctx.tx, ctx.sop.id, f"room:{room.id}"):
        if run.scope == f"room:{room.id}" and not ctx.is_waiting(run, "digest"):
            ctx.close(run)


def _digest_at(ctx: Context[QaDay], until: datetime) -> datetime:
    zone = ctx.sops.community.zone
    at = None if ctx.sop.digest is None else ctx.sop.digest.at.next_after(until, zone)
    return at or until + WITHOUT_DIGEST


def _take_in(ctx: Context[QaDay], day: Run) -> Run:
    """Questions that came between the days become this day's, and are shown now."""
    assert day.room_id is not None, "days belong to rooms"
    kept = [row for row in board.questions(ctx.tx, ctx.sop.id, day.room_id) if not row.day]
    for row in kept:
        row = board.keep(ctx.tx, row, day=day.occurrence, since=ctx.now.isoformat())
        ladder.begin(ctx, row)
    return show_soon(ctx, day, [row.number for row in kept if not row.to_human])


def _left(ctx: Context[QaDay], day: Run) -> list[QuestionRow]:
    """The open questions of earlier days that are asked again, now as this day's."""
    assert day.room_id is not None, "days belong to rooms"
    open_now = board.questions(ctx.tx, ctx.sop.id, day.room_id)
    left = [row for row in open_now if "" < row.day < day.occurrence]
    left = [row for row in left if not row.to_human and not row.state["handed"]]
    left = sorted(left, key=lambda row: (-row.weight, row.number))
    return [board.keep(ctx.tx, row, day=day.occurrence) for row in left]


def _words(ctx: Context[QaDay], day: Run, carried: list[QuestionRow]) -> DayWords:
    assert ctx.room is not None, "slots belong to rooms"
    zone = ctx.sops.community.zone
    opens = ctx.sop.every.next_after((ctx.due_at or ctx.now) - timedelta(milliseconds=1), zone)
    return DayWords(
        starts=f"{ctx.local(opens or ctx.now):%H:%M}",
        until=f"{ctx.local(_until(day)):%H:%M}",
        expert=shown.expert_title(ctx.sop),
        ask=ask_word(ctx.sop),
        carried=tuple(map(shown.card, carried)),
        room=ctx.room.key,
        bot=ctx.sops.community.bot.name,
    )


def ask_word(sop: QaDay) -> str:
    """The word to put before a question."""
    return next((word for word in sop.accept if not word.startswith("@")), "提问")


def next_opening(ctx: Context[QaDay]) -> str:
    """When the next day begins, as one says it."""
    opens = ctx.sop.every.next_after(ctx.now, ctx.sops.community.zone)
    local = ctx.local(opens or ctx.now)
    return f"周{_WEEKDAYS[local.weekday()]}{local:%H:%M}"


# --- cards ---


def show_soon(ctx: Context[QaDay], day: Run, numbers: list[int], *, begin: bool = True) -> Run:
    """Show these questions with the next cards; ``begin``: which are due ``gather`` after the first."""
    if not numbers:
        return day
    day = ctx.keep(day, {**day.state, "uncarded": [*day.state["uncarded"], *numbers]})
    if begin and not ctx.is_waiting(day, "cards"):
        ctx.wake_at(day, ctx.next_open(ctx.now + ctx.sop.number_cards.gather), "cards")
    return day


def post_cards(ctx: Context[QaDay]) -> None:
    """The questions that came, the number first; those that were answered meanwhile need none."""
    day = ctx.run
    assert day is not None, "a day waited"
    assert day.room_id is not None, "days belong to rooms"
    waiting = day.state["uncarded"]
    open_now = board.questions(ctx.tx, ctx.sop.id, day.room_id)
    rows = [row for row in open_now if row.number in waiting and row.text]
    template, most = ctx.sop.number_cards.template, min(AT_ONCE, len(rows))
    fit = shown.fitting(ctx.sops.templates, template, lambda count: _cards(rows[:count]), most)
    now, later = rows[:fit], rows[fit:]
    card = {"number": now[0].number, "at": ctx.now.isoformat()} if len(now) == 1 else None
    ctx.keep(day, {**day.state, "uncarded": [row.number for row in later], "card": card})
    if later:
        ctx.wake_at(day, ctx.now + ctx.sop.number_cards.gather, "cards")
    if now:
        ctx.say(template, _cards(now), quotes=[row.message_id for row in now])


def _cards(rows: list[QuestionRow]) -> CardsWords:
    return CardsWords(tuple(map(shown.card, rows)))


# --- the end ---


def end(ctx: Context[QaDay]) -> None:
    """The digest, and what nobody answered is carried over once, then given to the operators."""
    day = ctx.run
    assert day is not None, "a day waited"
    assert day.room_id is not None, "days belong to rooms"
    if ctx.room is None or not ctx.room.enabled:
        ctx.close(day)  # if the room is opened again, the next day goes on with what is left
        return
    _digest(ctx, day)
    left = board.questions(ctx.tx, ctx.sop.id, day.room_id)
    today = [row for row in left if row.day == day.occurrence]
    mine = [row for row in today if not row.to_human and not row.state["handed"]]
    over = [row for row in mine if row.state["carried"] >= ctx.sop.carry]
    for row in mine:
        if row not in over:
            board.keep(ctx.tx, row, carried=row.state["carried"] + 1)
            ctx.record(CARRIED, about=(OBJECT, str(row.number)), parent=row.interaction_id)
    _hand_over(ctx, over)
    ctx.listen(day, ctx.now + (LEFT_OVER if left else LATER_THANKS))


def _digest(ctx: Context[QaDay], day: Run) -> None:
    """The best answers since the last day, however old the questions: what most people asked first."""
    if ctx.sop.digest is None or day.room_id is None:
        return
    since = day.opened_at - LEFT_OVER
    done = board.questions(ctx.tx, ctx.sop.id, day.room_id, Status.ANSWERED)
    done = [row for row in done if row.answered_at and row.answered_at >= since and not row.state["digested"]]
    best = sorted(done, key=lambda row: (-row.weight, row.number))
    told = [(row, item) for row in best if (item := shown.answered(ctx.tx, row)) is not None]
    if not told:
        return
    for row, _ in told:
        board.keep(ctx.tx, row, digested=True)
    items = [item for _, item in told]
    helpers = tuple(dict.fromkeys(item.name for item in items))

    def words(most: int) -> DigestWords:
        return DigestWords(tuple(items[:most]), len(items), helpers)

    template, top = ctx.sop.digest.template, min(ctx.sop.digest.top, len(items))
    fit = shown.fitting(ctx.sops.templates, template, words, top)
    quotes = [message for row, _ in told[:fit] for message in shown.quotes(row)]
    ctx.say(template, words(fit), intent=Intent.GIVE, expires_after=LATE_AFTER, quotes=quotes)


def _hand_over(ctx: Context[QaDay], rows: list[QuestionRow]) -> None:
    """Nobody answered on two days: a human has to."""
    if not rows:
        return
    for row in rows:
        board.keep(ctx.tx, row, handed=True)
        ctx.record(HANDED_OVER, about=(OBJECT, str(row.number)), parent=row.interaction_id)
    lines = [f"{row.number} {shown.question(row)}" for row in rows]
    head, more = "这些问题一直没人答，请您接手：", "还有{}个，发 /问题 看"
    text, fit = shown.listed(lines, more, most=AT_ONCE, head=head)
    ctx.alert(text, "left", quotes=[row.message_id for row in rows[:fit]])


def midnight(ctx: Context[QaDay], moment: datetime) -> datetime:
    """When the local day of ``moment`` began."""
    return datetime.combine(ctx.local(moment).date(), time(0), ctx.sops.community.zone)
