"""Theme days: a post from a shelf at a moment of the week, another item each time, and what comes of it.

The item is the one that this room has not seen for longest; which it was is recorded as ``shelf_item_shown``.
A window collects what members say to it, and a digest tells the best; a talk or live stream is announced,
takes questions, and is recapped.
"""

from __future__ import annotations

from bot.sop.context import Context
from bot.sop.kind import Command, Kind, OnHeard, OnRecall, OnSlot, OnWait, Where, Who
from bot.sop.kinds.theme_day import digest, lecture, post, when, window
from bot.sop.kinds.theme_day.model import ThemeDay
from bot.sop.kinds.theme_day.waking import if_enabled
from bot.sop.schedule import Schedule


def heard(ctx: Context[ThemeDay]) -> bool:
    """What is said in the room: a question for the lecture, or a view for the window."""
    assert ctx.run is not None, "only runs listen"
    if ctx.run.state.get("kind") == "lecture":
        return lecture.ask(ctx, ctx.run)
    window.collect(ctx, ctx.run)
    return False


def _notices(sop: ThemeDay) -> tuple[Schedule, ...]:
    return () if sop.lecture is None else tuple(notice.at for notice in sop.lecture.notices)


KIND = Kind(
    name="theme_day",
    title="主题日",
    model=ThemeDay,
    behaviours=(
        OnSlot("post", schedule=lambda sop: sop.every, late_after=lambda sop: sop.late_after, act=post.come),
        OnSlot("notice", schedule=_notices, late_after=lambda sop: sop.late_after, act=lecture.notice),
        OnHeard(heard, minds=window.minds),
        OnRecall(window.recalled),
        OnWait("put_off", if_enabled(post.put_off)),
        OnWait("window_closed", if_enabled(window.closed)),
        OnWait("unchosen", if_enabled(window.unchosen)),
        OnWait("digest", if_enabled(digest.come)),
        OnWait("hand_over", if_enabled(lecture.hand_over)),
        OnWait("recap", if_enabled(lecture.recap)),
    ),
    commands=(
        Command(
            ("choose", "选"),
            Who.STAFF,
            "选哪几条进合集",
            window.choose,
            Where.DESK,
            usage="[31 33]",
            leads=("选",),
        ),
        Command(
            ("lecture note", "要点"),
            Who.STAFF,
            "记一条讲座要点，用在回顾里",
            lecture.note,
            Where.DESK,
            usage="一句话",
        ),
    ),
    names=frozenset(
        {
            post.SHOWN,
            post.SKIPPED,
            window.VIEW,
            window.WITHDRAWN,
            window.CHOSEN,
            lecture.QUESTION,
            lecture.NOTED,
        }
    ),
    unmoved_by=window.unmoved_by,
    put_off_by=when.put_off_by,
)
