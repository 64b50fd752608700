"""Q&A days: questions get a number, and an answer by whoever knows it.

A room's day is a run that hears the room; each question is a run of its own, which calls for help when it
has waited. Cards, digest and alarms repeat members' words, and lose them with the messages.
"""

from __future__ import annotations

from bot.sop.kind import Command, Kind, OnHashtag, OnHeard, OnRecall, OnSlot, OnWait, Where, Who
from bot.sop.kinds.qa_day import answers, asking, board, days, desk, forms, hearing, ladder, recalls, typed
from bot.sop.kinds.qa_day.model import QaDay

KIND = Kind(
    name="qa_day",
    title="问答日",
    model=QaDay,
    behaviours=(
        OnSlot(
            "open", schedule=lambda sop: sop.every, late_after=lambda sop: sop.late_after, act=days.announce
        ),
        OnSlot(
            "remind",
            schedule=lambda sop: tuple(reminder.at for reminder in sop.remind),
            late_after=lambda sop: sop.late_after,
            act=days.remind,
        ),
        OnHashtag(tags=lambda sop: ("提问",), act=hearing.tagged),
        OnHeard(act=hearing.heard, minds=lambda sop, heard: forms.matter(heard.message, sop)),
        OnRecall(act=recalls.recalled),
        OnWait("cards", act=days.post_cards),
        OnWait("offered", act=asking.offer_was_not_enough),
        OnWait("ladder", act=ladder.climb),
        OnWait("assigned", act=ladder.assigned_in_vain),
        OnWait("expert", act=ladder.expert_was_silent),
        OnWait("digest", act=days.end),
    ),
    commands=(
        Command(("提问",), Who.MEMBER, "问一个问题，大家和专家来答", typed.ask, Where.ROOM, usage="问题"),
        Command(("answer", "答"), Who.MEMBER, "回答第几号问题", typed.answer, Where.ROOM, usage="12 怎么答"),
        Command(("ask", "问"), Who.MEMBER, "找找以前怎么答的", desk.search, usage="羽衣甘蓝"),
        Command(("question list", "问题"), Who.EXPERT, "等着回答的问题", desk.show_open, Where.DESK),
        Command(
            ("question assign", "派"),
            Who.STAFF,
            "把问题派给谁答",
            desk.assign,
            Where.DESK,
            usage="12 营养师",
        ),
        Command(
            ("question answer", "补记"),
            Who.EXPERT,
            "把语音的回答记成文字",
            desk.write_down,
            Where.DESK,
            usage="12 焯20秒就好",
        ),
    ),
    waiting=desk.waiting,
    names=frozenset(
        {
            board.ASKED,
            asking.SECONDED,
            asking.SETTLED,
            recalls.WITHDRAWN,
            days.CARRIED,
            days.HANDED_OVER,
            answers.GIVEN,
            answers.BY_EXPERT,
            answers.WRITTEN,
            answers.WITHDRAWN,
            answers.THANKED,
            answers.LATE_ANSWER,
        }
    ),
)
