"""Talks and live streams: announced, reminded of, with questions collected before and a recap after.

A run per room (occurrence ``lecture:DATE`` of the moment it begins) listens for questions from the first
notice on, and holds the operators' notes for the recap.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.outbox.queue import Intent
from bot.people import directory
from bot.sop import runs
from bot.sop.context import CommandContext, Context
from bot.sop.kinds.theme_day.model import Lecture, LectureWords, ThemeDay
from bot.sop.kinds.theme_day.when import instead
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store.tables import interaction, texts

Ctx = Context[ThemeDay]
QUESTION, NOTED = "lecture_question_asked", "lecture_noted"
HAND_OVER = timedelta(minutes=10)
MOST_LISTED, MOST_NOTES = 9, 5
_DAYS = "一二三四五六日"


def notice(ctx: Ctx) -> None:
    """Before the lecture: tell of it, and take questions from now on."""
    lecture = ctx.sop.lecture
    begins = _next(ctx)
    if lecture is None or begins is None or ctx.room is None:
        return
    ctx.say(lecture.notices[ctx.nth].template, _words(ctx, lecture, begins), intent=Intent.GIVE)
    _listen(ctx, begins)


def _next(ctx: Ctx) -> datetime | None:
    """When the lecture begins that comes next; None where it is left out, or its days are over."""
    zone = ctx.sops.community.zone
    moments = [it for schedule in ctx.sop.every if (it := schedule.next_after(ctx.now, zone)) is not None]
    due = min(moments, default=None)
    if due is None or (ctx.sop.days is not None and not ctx.sop.days.contains(ctx.local(due).date())):
        return None
    begins = instead(ctx, ctx.local(due))
    return None if begins is None else begins.astimezone(UTC)


def _listen(ctx: Ctx, begins: datetime) -> Run:
    assert ctx.room is not None, "lectures are told of in rooms"
    occurrence = f"lecture:{ctx.local(begins).date()}"
    run = ctx.open_run(
        f"room:{ctx.room.id}", occurrence, state={"kind": "lecture", "begins": begins.isoformat()}
    )
    if run.is_open and begins > ctx.now:
        ctx.listen(run, begins)
        ctx.wake_at(run, max(begins - HAND_OVER, ctx.now), "hand_over")
    return run


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
    plain = unicodedata.normalize("NFKC", ctx.heard.text[:40]).lstrip(" /")
    if ctx.sop.lecture is None or not plain.startswith(ctx.sop.lecture.collect):
        return False
    ctx.record(QUESTION, person=ctx.heard.person, about=("run", str(run.id)))
    return True


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
    asked = questions(ctx, ctx.run)
    if not asked or ctx.sop.lecture is None:
        return
    names = directory.shown_names(ctx.tx, {who for who, *_ in asked}, ctx.run.room_id)
    lines = [
        f"{n}. {harmless_name(names[who], 8)}：{harmless(_without_prefix(ctx, text), 40)}"
        for n, (who, _, text) in enumerate(asked[:MOST_LISTED], 1)
    ]
    more = [f"还有{len(asked) - MOST_LISTED}条"] if len(asked) > MOST_LISTED else []
    head = f"《{ctx.sop.lecture.title}》会前收到{len(asked)}个问题："
    ctx.alert("\n".join([head, *lines, *more]), "questions", quotes=[message for _, message, _ in asked])


def _without_prefix(ctx: Ctx, text: str) -> str:
    assert ctx.sop.lecture is not None, "a lecture has questions"
    for prefix in ctx.sop.lecture.collect:
        text = text.removeprefix(prefix)
    return text.lstrip(" ：:，,")


def begin(ctx: Ctx, lecture: Lecture) -> None:
    """It begins: say so, and wait for the recap."""
    begins = ctx.due_at or ctx.now
    run = _listen(ctx, begins)
    ctx.say(
        lecture.template,
        _words(ctx, lecture, begins, run),
        intent=Intent.GIVE,
        expires_after=ctx.sop.late_after,
    )
    if lecture.recap is None:
        ctx.close(run)
    else:
        ctx.wake_at(run, ctx.now + lecture.recap.after, "recap")


def recap(ctx: Ctx) -> None:
    """Told from the operators' notes; without any, they are reminded and nothing is said."""
    assert ctx.run is not None, "a run waited"
    lecture, begins = ctx.sop.lecture, datetime.fromisoformat(ctx.run.state["begins"])
    ctx.close(ctx.run)
    if lecture is None or lecture.recap is None:
        return
    if notes(ctx, ctx.run):
        words = _words(ctx, lecture, begins, ctx.run)
        ctx.say(lecture.recap.template, words, intent=Intent.GIVE, expires_after=timedelta(hours=2))
    else:
        ctx.alert(f"《{lecture.title}》没有记要点，回顾这次不发。下次会后发 /要点 加一句话。", "no notes")


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
    """``/要点 一句话``: goes into the recap of the lecture that is under way or just over."""
    open_ones = [
        (sop, run)
        for sop in ctx.sops.sops.values()
        if isinstance(sop, ThemeDay)
        for run in runs.open_runs(ctx.tx, sop.id, "room:")
        if run.state.get("kind") == "lecture"
    ]
    if not ctx.rest:
        ctx.reply("这样写：/要点 一句话，会进讲座回顾。")
    elif not open_ones:
        ctx.reply("现在没有等着回顾的讲座。")
    else:
        sop, run = min(open_ones, key=lambda pair: str(pair[1].state["begins"]))
        text = harmless(ctx.rest, 80)
        ctx.kind_context(sop).record(NOTED, about=("lecture", run.occurrence), text=text)
        assert sop.lecture is not None, "a lecture is under way"
        ctx.reply(f"记下了，会进《{sop.lecture.title}》的回顾。")
