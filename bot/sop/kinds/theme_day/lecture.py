"""Talks and live streams: announced, reminded of, with questions collected before and a recap after.

A run per room and lecture (its occurrence names when it begins) listens for questions from the first notice
on. One that has begun takes the operators' notes for the recap; one that does not begin ends in silence.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.outbox.queue import Intent
from bot.people import directory
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.theme_day.exceptions import MOST_MOVED
from bot.sop.kinds.theme_day.model import Lecture, LectureWords, ThemeDay
from bot.sop.kinds.theme_day.waking import lateness, open_of, where
from bot.sop.kinds.theme_day.when import due_between, instead
from bot.sop.kinds.theme_day.window import letters
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store.tables import interaction, texts

Ctx = Context[ThemeDay]
QUESTION, NOTED = "lecture_question_asked", "lecture_noted"
HAND_OVER = timedelta(minutes=10)
MOST_LISTED, MOST_NOTES = 9, 4
_DAYS = "一二三四五六日"


def notice(ctx: Ctx) -> None:
    """Before the lecture: tell of it, and take questions from now on."""
    lecture, begins = ctx.sop.lecture, _next(ctx)
    if lecture is None or begins is None:
        return
    in_time = min(ctx.sop.late_after, begins - (ctx.due_at or ctx.now))
    template, words = lecture.notices[ctx.nth].template, _words(ctx, lecture, begins)
    ctx.say(template, words, intent=Intent.GIVE, expires_after=in_time)
    run = _run(ctx, begins)
    ctx.listen(run, begins)
    ctx.wake_at(run, max(begins - HAND_OVER, ctx.now), "hand_over")
    ctx.wake_at(run, begins + ctx.sop.late_after, "recap")


def _next(ctx: Ctx) -> datetime | None:
    """When the lecture begins that comes next, moved or not; None where it is left out."""
    zone = ctx.sops.community.zone
    coming = [at for every in ctx.sop.every if (at := every.next_after(ctx.now, zone)) is not None]
    due = due_between(ctx.sop, ctx.now - MOST_MOVED, min(coming, default=ctx.now), zone)
    begins = [instead(ctx.sop, ctx.local(it), zone) for it in due]
    return min((it.astimezone(UTC) for it in begins if it is not None and it > ctx.now), default=None)


def _run(ctx: Ctx, begins: datetime) -> Run:
    assert ctx.room is not None, "lectures are told of in rooms"
    occurrence = f"lecture:{ctx.local(begins):%Y-%m-%d %H:%M}"
    state = {"kind": "lecture", "begins": begins.isoformat()}
    return ctx.open_run(f"room:{ctx.room.id}", occurrence, state=state)


def _words(ctx: Ctx, lecture: Lecture, begins: datetime, run: Run | None = None) -> LectureWords:
    local = ctx.local(begins)
    asked = [] if run is None else questions(ctx, run)
    return LectureWords(
        lecture.title,
        lecture.speaker,
        lecture.link,
        f"{local.month}月{local.day}日 周{_DAYS[local.weekday()]} {local:%H:%M}",
        len(asked),
        () if run is None else notes(ctx, run),
    )


def ask(ctx: Ctx, run: Run) -> bool:
    """A question for the lecture, noted without a word; other talk is none."""
    assert ctx.heard is not None, "questions are said"
    if ctx.sop.lecture is None or not _asked(ctx.sop.lecture, ctx.heard.text):
        return False
    ctx.record(QUESTION, person=ctx.heard.person, about=("run", str(run.id)))
    return True


def _asked(lecture: Lecture, text: str) -> str:
    """What stands behind 提问 and the like; nothing where that is missing, or is only signs."""
    plain = text.strip()
    word = next((word for word in lecture.collect if plain.startswith(word)), None)
    asked = "" if word is None else plain.removeprefix(word).lstrip(" \u3000：:，,")
    return asked if letters(asked) else ""


def questions(ctx: Ctx, run: Run) -> list[tuple[int, int, str]]:
    """What was asked and not recalled: (identity, message, words)."""
    message = interaction.alias()
    query = (
        select(message.c.identity_id, message.c.id, texts.c.body)
        .select_from(
            interaction.join(message, message.c.id == interaction.c.parent_event_id).join(
                texts, texts.c.id == message.c.text_id
            )
        )
        .where(interaction.c.object_type == "run", interaction.c.object_id == str(run.id))
        .where(interaction.c.name == QUESTION)
        .order_by(interaction.c.id)
    )
    return [(row[0], row[1], row[2]) for row in ctx.tx.connection.execute(query)]


def hand_over(ctx: Ctx) -> None:
    """Shortly before it begins: the questions go to the operators, for whoever speaks."""
    assert ctx.run is not None, "a run waited"
    lecture, asked = ctx.sop.lecture, questions(ctx, ctx.run)
    if lecture is None or not asked or lateness(ctx) > ctx.sop.late_after:
        return
    names = directory.shown_names(ctx.tx, {who for who, *_ in asked}, ctx.run.room_id)
    lines = [
        f"{n}. {harmless_name(names[who], 8)}：{harmless(_asked(lecture, text), 40)}"
        for n, (who, _, text) in enumerate(asked[:MOST_LISTED], 1)
    ]
    more = [f"还有{len(asked) - MOST_LISTED}条"] if len(asked) > MOST_LISTED else []
    head = f"《{lecture.title}》{where(ctx)}会前收到{len(asked)}个问题："
    ctx.alert("\n".join([head, *lines, *more]), "questions", quotes=[message for _, message, _ in asked])


def begin(ctx: Ctx, lecture: Lecture) -> None:
    """It begins: say so, and wait for the recap."""
    begins = ctx.due_at or ctx.now
    run = _run(ctx, begins)
    words = _words(ctx, lecture, begins, run)
    ctx.say(lecture.template, words, intent=Intent.GIVE, expires_after=ctx.sop.late_after)
    if lecture.recap is None:
        ctx.close(run)
    else:
        ctx.keep(run, {**run.state, "begun": True})
        ctx.wake_at(run, ctx.now + lecture.recap.after, "recap")


def recap(ctx: Ctx) -> None:
    """Told from the operators' notes; without any, or too late, they hear that nothing is said."""
    assert ctx.run is not None, "a run waited"
    lecture = ctx.sop.lecture
    ctx.close(ctx.run)
    if lecture is None or lecture.recap is None or not ctx.run.state.get("begun"):
        return
    words = _words(ctx, lecture, datetime.fromisoformat(ctx.run.state["begins"]), ctx.run)
    title = f"《{lecture.title}》{where(ctx)}"
    if not words.notes:
        ctx.alert(f"{title}没有记要点，回顾这次不发。下次会后发 /要点 加一句话。", "no recap")
    elif lateness(ctx) > ctx.sop.late_after:
        ctx.alert(f"{title}错过了时间，回顾这次不发。", "no recap")
    else:
        ctx.say(lecture.recap.template, words, intent=Intent.GIVE, expires_after=ctx.sop.late_after)


def notes(ctx: Ctx, run: Run) -> tuple[str, ...]:
    """The operators' notes."""
    i = interaction.c
    query = (
        select(texts.c.body)
        .select_from(interaction.join(texts, texts.c.id == i.text_id))
        .where(i.object_type == "lecture", i.object_id == run.occurrence)
        .where(i.name == NOTED, i.programme_id == ctx.sop.id)
        .order_by(i.id)
    )
    return tuple(ctx.tx.connection.scalars(query))[:MOST_NOTES]


def note(ctx: CommandContext) -> None:
    """``/要点 一句话``: goes into the recap of the lecture that began last."""
    begun = [(sop, run) for sop, run in open_of(ctx, "lecture") if run.state.get("begun")]
    if not ctx.rest:
        ctx.reply("这样写：/要点 一句话，会进讲座回顾。")
    elif not begun:
        ctx.reply("现在没有等着回顾的讲座。")
    else:
        sop, run = max(begun, key=lambda it: str(it[1].state["begins"]))
        ctx.reply(_note(ctx.kind_context(sop), run, ctx.rest))


def _note(ctx: Ctx, run: Run, words: str) -> str:
    """Write a note down, while there is room in the recap; gives the answer."""
    assert ctx.sop.lecture is not None, "a lecture has begun"
    if len(notes(ctx, run)) == MOST_NOTES:
        return f"《{ctx.sop.lecture.title}》已经记了{MOST_NOTES}条，回顾里放不下更多了。"
    ctx.record(NOTED, about=("lecture", run.occurrence), text=harmless(words, 80))
    return f"记下了，会进《{ctx.sop.lecture.title}》的回顾。"
