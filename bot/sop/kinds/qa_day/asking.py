"""From a message to a numbered question, and what the asker hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.people.directory import Person
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.qa_day import archive, board, days, forms, ladder, shown
from bot.sop.kinds.qa_day.board import ASKED, OBJECT, PREFIX, QuestionRow
from bot.sop.kinds.qa_day.forms import Span
from bot.sop.kinds.qa_day.model import HintWords, KindWords, OfferWords, QaDay
from bot.store.ids import next_number

if TYPE_CHECKING:
    from bot.sop.runs import Run

SECONDED, SETTLED = "question_seconded", "question_settled"
FOR_A_QUESTION, MOST_A_DAY = 2.0, 2
"""What a question earns its asker, and how many a day do."""
MOST_NAMED = 5
OFFER_STANDS = timedelta(minutes=10)
"""How long an offered answer is left alone before the question is shown to all."""


class Message:
    """The message that asks: what is heard, or was typed as a command."""

    def __init__(self, id: int, person: Person, text: str, at: datetime, *, late: bool) -> None:
        self.id, self.person, self.text, self.at, self.late = id, person, text, at, late


def ask(ctx: Context[QaDay], message: Message, span: Span) -> None:
    """Give the question its number and see to it that it is answered."""
    words = message.text[slice(*span)].strip()
    if not forms.is_something(words):
        hint(ctx, message, "没说问题")
        return
    if _is_known(ctx, message, words):
        return
    if board.asked_since(ctx.tx, ctx.sop.id, message.person.identity_id, _a_day_ago(message)) >= ctx.sop.most:
        hint(ctx, message, "够了")
        return
    row = _begin(ctx, message, span, words)
    if row.to_human:
        _call_a_human(ctx, message, row)
    elif not row.day:
        _keep_for_later(ctx, message, row)
    elif not _offer(ctx, message, row, words):
        _show(ctx, row, late=message.late)


def _a_day_ago(message: Message) -> datetime:
    return message.at - timedelta(days=1)


def _is_known(ctx: Context[QaDay], message: Message, words: str) -> bool:
    """Whether the very same waits here already: the asker's own is dropped, another's is seconded."""
    assert ctx.room is not None, "questions are asked in rooms"
    plain = forms.same(words)
    for row in board.questions(ctx.tx, ctx.sop.id, ctx.room.id):
        if forms.same(row.text) == plain and not row.to_human:
            second(ctx, row, message.person)
            return True
    return False


def second(ctx: Context[QaDay], row: QuestionRow, person: Person) -> None:
    """Somebody asks the same: it weighs more, by one a member."""
    known = {row.asker_member, *(second["member"] for second in row.state["seconds"])}
    if person.member_id in known:
        return
    event = ctx.record(SECONDED, person=person, about=(OBJECT, str(row.number)))
    if event is not None:
        seconds = [*row.state["seconds"], {"member": person.member_id, "message": ctx.cause, "event": event}]
        board.keep(ctx.tx, row, seconds=seconds)


def _begin(ctx: Context[QaDay], message: Message, span: Span, words: str) -> QuestionRow:
    assert ctx.room is not None, "questions are asked in rooms"
    number = next_number(ctx.tx.connection, OBJECT)
    person, about = message.person, (OBJECT, str(number))
    event = ctx.record(ASKED, person=person, about=about, parent=message.id, occurred_at=message.at)
    assert event is not None, "a message is heard once"
    _reward(ctx, message, event)
    state = {
        **_NEW,
        "number": number,
        "asked": event,
        "message": message.id,
        "member": person.member_id,
        "span": list(span),
        "asked_at": message.at.isoformat(),
        "since": max(message.at, ctx.next_open(ctx.now)).isoformat(),
        "day": _day(ctx, message),
        "to_human": any(word in words for word in ctx.sop.to_human),
    }
    ctx.open_run(f"{PREFIX}{number}", "", person=person, state=state)
    row = board.by_number(ctx.tx, number)
    assert row is not None, "it was just begun"
    return row


_NEW: dict[str, Any] = {
    "status": board.Status.OPEN,
    "answers": [],
    "seconds": [],
    "called": {},
    "assigned": None,
    "rung": 0,
    "delay": 0,
    "carried": 0,
    "handed": False,
    "digested": False,
    "offered": None,
}
"""The state of a question at its beginning."""


def _day(ctx: Context[QaDay], message: Message) -> str:
    """The day that accepts it; empty: the next one."""
    assert ctx.room is not None, "questions are asked in rooms"
    day = days.current(ctx, ctx.room.id)
    return day.occurrence if day is not None and days.is_open(day, message.at) else ""


def _reward(ctx: Context[QaDay], message: Message, event: int) -> None:
    today = days.midnight(ctx, message.at)
    if board.asked_since(ctx.tx, ctx.sop.id, message.person.identity_id, today) <= MOST_A_DAY:
        ctx.points(message.person, ASKED, FOR_A_QUESTION, event=event, dimension="参与")


def _show(ctx: Context[QaDay], row: QuestionRow, *, late: bool) -> None:
    """With the next cards; what was heard late begins none, and is called for when it has waited."""
    day = days.current(ctx, row.room_id)
    if day is not None:
        days.show_soon(ctx, day, [row.number], begin=not late)
    ladder.begin(ctx, row)


def _run(ctx: Context[QaDay], row: QuestionRow) -> Run:
    run = runs.by_id(ctx.tx, row.run_id)
    assert run is not None, "the question has a run"
    return run


def _offer(ctx: Context[QaDay], message: Message, row: QuestionRow, words: str) -> bool:
    """An answer that was given to much the same question is offered first."""
    if message.late:
        return False
    found = archive.similar(ctx, words)
    earlier = None if found is None else board.by_number(ctx.tx, found[0])
    if found is None or earlier is None:
        return False
    name = shown.name(ctx.tx, row.asker, row.room_id)
    words_of = OfferWords(earlier.number, found[1], name)
    ctx.say(ctx.sop.wording.offer, words_of, quotes=shown.quotes(earlier))
    board.keep(ctx.tx, row, offered=earlier.number)
    ctx.wake_at(_run(ctx, row), ctx.now + OFFER_STANDS, "offered")
    return True


def offer_was_not_enough(ctx: Context[QaDay]) -> None:
    """Nothing more was said of the offer: all may answer now."""
    assert ctx.run is not None, "a question waited"
    row = board.by_run(ctx.tx, ctx.run)
    if row.status is board.Status.OPEN:
        _show(ctx, board.keep(ctx.tx, row, offered=None), late=False)


def _call_a_human(ctx: Context[QaDay], message: Message, row: QuestionRow) -> None:
    """A word of illness: for nobody but a human, and at once."""
    assert ctx.room is not None, "questions are asked in rooms"
    why = f"{ctx.room.key}里问的，涉及身体，我没请大家答。请您安排：/派 {row.number} 谁"
    ctx.alert(f"{row.number} {shown.question(row)}\n{why}", "to_human", quotes=[message.id])
    ladder.begin(ctx, row)
    if not message.late and not _said_lately(ctx, message, "to_human"):
        ctx.say(ctx.sop.wording.to_human, _kind(ctx, row))


def _keep_for_later(ctx: Context[QaDay], message: Message, row: QuestionRow) -> None:
    """It came outside the window: the next day begins with it."""
    if not message.late:
        ctx.say(ctx.sop.wording.kept, _kind(ctx, row))


def _kind(ctx: Context[QaDay], row: QuestionRow) -> KindWords:
    name = shown.name(ctx.tx, row.asker, row.room_id)
    expert, ask = shown.expert_title(ctx.sop), days.ask_word(ctx.sop)
    return KindWords(name, row.number, expert, days.next_opening(ctx), ask)


def offered(ctx: Context[QaDay], person: Person) -> QuestionRow | None:
    """The last question of this person here that has an offer and was not shown yet."""
    assert ctx.room is not None, "said in a room"
    mine = board.questions(ctx.tx, ctx.sop.id, ctx.room.id, asker=person.identity_id)
    return next((row for row in reversed(mine) if row.state["offered"] is not None), None)


def settle(ctx: Context[QaDay], row: QuestionRow) -> None:
    """The asker says that the offered answer will do: the question need not be shown."""
    props = {"by": row.state["offered"]}
    ctx.record(SETTLED, identity_id=row.asker, about=(OBJECT, str(row.number)), props=props)
    board.keep(ctx.tx, row, status=board.Status.ANSWERED, digested=True)
    ctx.close(_run(ctx, row))


# --- hints ---


def hint(ctx: Context[QaDay], message: Message, what: str, number: int = 0) -> None:
    """A friendly line, once a person and day."""
    if message.late or _said_lately(ctx, message, what):
        return
    assert ctx.room is not None, "said in rooms"
    here = board.questions(ctx.tx, ctx.sop.id, ctx.room.id)
    words = hint_words(ctx, what, number, [row for row in here if not row.to_human])
    if what == "没有这号":
        ctx.say_private(message.person.identity_id, ctx.sop.wording.hint, words)
    else:
        ctx.say(ctx.sop.wording.hint, words)


def hint_words(ctx: Context[QaDay], what: str, number: int, rows: list[QuestionRow]) -> HintWords:
    numbers = tuple(row.number for row in rows[:MOST_NAMED])
    return HintWords(what, number or next(iter(numbers), 1), numbers, days.ask_word(ctx.sop))


def _said_lately(ctx: Context[QaDay], message: Message, what: str) -> bool:
    """Whether this person was told that on this day; it is noted that they are."""
    assert ctx.room is not None, "said in rooms"
    scope, today = f"hints:{ctx.room.id}", ctx.local(message.at).date().isoformat()
    run = ctx.open_run(scope, today, state={"told": []})
    key = f"{what}:{message.person.member_id}"
    if key in run.state["told"]:
        return True
    ctx.keep(run, {"told": [*run.state["told"], key]})
    if run.is_open:
        ctx.close(run)
    return False
