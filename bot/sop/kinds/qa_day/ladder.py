"""A question that has waited: able members are called, then the expert, then the operators.

Each rung is a wait of the question's run. What is answered meanwhile ends it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from bot.people import consent, directory, roles
from bot.people.directory import Person
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.qa_day import board, forms, shown
from bot.sop.kinds.qa_day.answers import is_expert
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import CallWords, QaDay, Rung
from bot.sop.runs import Run
from bot.store.quick import once
from bot.store.session import one_of
from bot.store.tables import identity, membership

MOST_CALLED = 2
LIKE_ENOUGH, FOR_KOCS = 0.2, 0.3
"""How like a question must be to one that somebody answered; what a KOC has of it anyway."""
ASSIGNED_FOR = timedelta(minutes=20)
HEARD_FOR = timedelta(days=3)
"""How long an expert's words in private are taken for an answer."""
LOOK_BACK = timedelta(days=365)


def climb(ctx: Context[QaDay]) -> None:
    """The next rung, if there is nobody's answer yet."""
    assert ctx.run is not None, "a question waited"
    row = board.by_run(ctx.tx, ctx.run)
    at = row.state["rung"]
    if row.status is not Status.OPEN or at >= len(ctx.sop.unanswered) or not row.text:
        return
    rung = ctx.sop.unanswered[at]
    held_up = max(timedelta(0), ctx.now - _due(row, rung))
    row = board.keep(ctx.tx, row, rung=at + 1, delay=row.state["delay"] + held_up.total_seconds())
    _call(ctx, row, rung)
    _wait_on(ctx, ctx.run, row)


def begin(ctx: Context[QaDay], row: QuestionRow) -> None:
    """From now on those are called, one after the other, who may answer."""
    run = runs.by_id(ctx.tx, row.run_id)
    assert run is not None, "the question has a run"
    _wait_on(ctx, run, row)


def resume(ctx: Context[QaDay], row: QuestionRow) -> None:
    """Its answer was taken back: it waits anew, from the next rung on."""
    run = runs.by_id(ctx.tx, row.run_id)
    assert run is not None, "the question has a run"
    _wait_on(ctx, run, board.keep(ctx.tx, row, since=ctx.now.isoformat(), delay=0))


def _wait_on(ctx: Context[QaDay], run: Run, row: QuestionRow) -> None:
    at = row.state["rung"]
    if at < len(ctx.sop.unanswered):
        due = _due(row, ctx.sop.unanswered[at])
        ctx.wake_at(run, ctx.next_open(max(due, ctx.now + timedelta(minutes=1))), "ladder")


def _due(row: QuestionRow, rung: Rung) -> datetime:
    """When a rung comes. What a night held up is put off for the next ones too, but not for the operators."""
    delay = 0 if rung.call == "运营群" else row.state["delay"]
    return datetime.fromisoformat(row.state["since"]) + rung.after + timedelta(seconds=delay)


def _call(ctx: Context[QaDay], row: QuestionRow, rung: Rung) -> None:
    """What is for a human alone is shown to no member; of a room that was closed nobody is told."""
    closed = ctx.room is None or not ctx.room.enabled
    if closed or (row.to_human and rung.call != "运营群"):
        return
    match rung.call:
        case "能答的会员":
            _call_members(ctx, row)
        case "专家":
            _call_expert(ctx, row)
        case _:
            _call_operators(ctx, row, "还没人答")


# --- members ---


def _call_members(ctx: Context[QaDay], row: QuestionRow) -> None:
    """Those who answered the like, or help out anyway, at most two; nobody if nobody is able."""
    called = _able(ctx, row)[:MOST_CALLED]
    if called:
        row = _note_called(ctx, row, called)
        _say_call(ctx, row, called, role="")


def _able(ctx: Context[QaDay], row: QuestionRow) -> list[Person]:
    """Members who are in the room and may be turned to, the ablest first."""
    worth = _worth(ctx, row)
    declined = consent.opted_out(ctx.tx, worth)
    meant = ctx.reached(worth)
    order = sorted(meant, key=lambda member_id: (-worth[member_id], member_id))
    here = _present(ctx, row, [member_id for member_id in order if member_id not in declined])
    return [person for person in here if not is_expert(ctx, person)]


def _worth(ctx: Context[QaDay], row: QuestionRow) -> dict[int, float]:
    """What each member may know: how like the question is to those that they answered."""
    since = ctx.now - LOOK_BACK
    worth: defaultdict[int, float] = defaultdict(float)
    for earlier in board.questions(ctx.tx, ctx.sop.id, None, Status.ANSWERED, since=since):
        like = forms.likeness(row.text, earlier.text)
        for given in earlier.answers:
            if like >= LIKE_ENOUGH:
                worth[given.member_id] = max(worth[given.member_id], like)
    kinds = ctx.sops.community.roles
    for member_id, held in roles.roles(ctx.tx).items():
        if any(kinds.get(name) == "koc" for name in held):
            worth[member_id] += FOR_KOCS
    asking = {row.asker_member, *(second["member"] for second in row.state["seconds"])}
    return {member_id: worth[member_id] for member_id in worth.keys() - asking}


def _present(ctx: Context[QaDay], row: QuestionRow, member_ids: list[int]) -> list[Person]:
    """Those of these members who are in the question's room, in this order."""
    asked = {"here": row.room_id, "members": member_ids}
    found = ctx.tx.connection.scalars(_PRESENT, asked).all()
    people = {it.member_id: it for id in found if (it := directory.person_by_id(ctx.tx, id)) is not None}
    return [people[member_id] for member_id in member_ids if member_id in people]


_PRESENT = once(
    select(identity.c.id)
    .join(membership, membership.c.identity_id == identity.c.id)
    .where(membership.c.room_id == bindparam("here"), membership.c.left_at.is_(None))
    .where(one_of(identity.c.member_id, "members"))
)


def _say_call(ctx: Context[QaDay], row: QuestionRow, called: list[Person], role: str) -> None:
    names = tuple(shown.name(ctx.tx, person.identity_id, row.room_id) for person in called)
    words = CallWords(shown.card(row), names, role, "" if ctx.room is None else ctx.room.key)
    mentions = [person.identity_id for person in called]
    ctx.say(ctx.sop.wording.call, words, mentions=mentions, quotes=[row.message_id])


def _note_called(ctx: Context[QaDay], row: QuestionRow, called: list[Person]) -> QuestionRow:
    now = ctx.now.isoformat()
    more = {str(person.identity_id): now for person in called}
    return board.keep(ctx.tx, row, called={**row.state["called"], **more})


# --- the expert, the operators ---


def _call_expert(ctx: Context[QaDay], row: QuestionRow) -> None:
    """The expert is mentioned where the question was asked, or asked in private; none: the operators."""
    people = but_for_the_asker(row, experts(ctx, ctx.sop.expert))
    if not people:
        _call_operators(ctx, row, "没有专家可以叫")
        return
    here = [person for person in people if directory.is_present(ctx.tx, row.room_id, person.identity_id)]
    if here:
        row = _note_called(ctx, row, here[:MOST_CALLED])
        _say_call(ctx, row, here[:MOST_CALLED], role=shown.expert_title(ctx.sop) or "专家")
    else:
        ask_privately(ctx, row, people[0])


def experts(ctx: Context[QaDay], named: str | None) -> list[Person]:
    """Who answers to ``named``: a role, or a number like M37."""
    if named is None:
        return []
    if named[:1] in "Mm" and named[1:].isdigit():
        person = directory.member_numbered(ctx.tx, int(named[1:]), ctx.account)
        return [] if person is None else [person]
    return roles.holders(ctx.tx, named, ctx.account)


def but_for_the_asker(row: QuestionRow, people: list[Person]) -> list[Person]:
    return [person for person in people if person.member_id != row.asker_member]


def ask_privately(ctx: Context[QaDay], row: QuestionRow, person: Person) -> None:
    """Ask somebody in private, and hear there what they answer."""
    row = _note_called(ctx, row, [person])
    scope = f"expert:{row.number}:{person.identity_id}"
    run = ctx.open_run(scope, "", person=person, private=True, state={"number": row.number})
    if not run.is_open:
        runs.change(ctx.tx, run.id, closed_at=None)
    ctx.listen(run, ctx.now + HEARD_FOR)
    ctx.wake_at(run, ctx.now + HEARD_FOR, "expert")
    room = directory.room_by_id(ctx.tx, row.room_id)
    name = shown.name(ctx.tx, person.identity_id, None)
    words = CallWords(shown.card(row), (name,), "", "" if room is None else room.key)
    ctx.say_private(person.identity_id, ctx.sop.wording.ask_expert, words, quotes=[row.message_id])


def expert_was_silent(ctx: Context[QaDay]) -> None:
    """What they say in private from now on is no answer any more."""
    assert ctx.run is not None, "a run waited"
    ctx.close(ctx.run)


def assign(ctx: Context[QaDay], row: QuestionRow, person: Person) -> QuestionRow:
    """The operators chose who answers: asked in private; if they do not, it is told."""
    row = board.keep(ctx.tx, row, assigned=person.identity_id)
    ask_privately(ctx, row, person)
    run = runs.by_id(ctx.tx, row.run_id)
    if run is not None and run.is_open:
        ctx.wake_at(run, ctx.now + ASSIGNED_FOR, "assigned")
    return board.by_run(ctx.tx, run) if run is not None else row


def assigned_in_vain(ctx: Context[QaDay]) -> None:
    assert ctx.run is not None, "a question waited"
    row = board.by_run(ctx.tx, ctx.run)
    if row.status is Status.OPEN and row.assigned is not None:
        who = shown.name(ctx.tx, row.assigned, row.room_id)
        _call_operators(ctx, row, f"派给了{who}，20分钟还没答")


def _call_operators(ctx: Context[QaDay], row: QuestionRow, why: str) -> None:
    room = directory.room_by_id(ctx.tx, row.room_id)
    where = "" if room is None else f"{room.key}，"
    waited = _waited(ctx.now - row.asked_at)
    ways = f"可以 /派 {row.number} 谁，或 /补记 {row.number} 怎么答"
    text = f"{row.number} {shown.question(row)}\n{where}等了{waited}，{why}。{ways}"
    ctx.alert(text, f"{row.number}:{why}", quotes=[row.message_id])


def _waited(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60}小时" if minutes >= 60 else f"{minutes}分钟"
