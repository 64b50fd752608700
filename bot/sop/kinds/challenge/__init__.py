"""Hashtag challenges: a picture and words with the tag, sent together or apart, are an entry.

A member's day has one *attempt* at a time: a run per member, day and number. Each message that belongs to it
is a ``challenge_part`` of the run; the entry is an ``ugc_submitted`` row, made once both halves are there,
and ``ugc_withdrawn`` when a recall leaves it without a picture or without the tag. Receipts are gathered
and posted together.
"""

from __future__ import annotations

from bot.sop.kind import Command, Kind, OnHashtag, OnHeard, OnRecall, OnSlot, OnWait, OnWords, Where, Who
from bot.sop.kinds.challenge import (
    board,
    closing,
    duplicates,
    entries,
    featured,
    listening,
    manual,
    news,
    prizes,
    receipt,
    reminder,
    review,
    status,
)
from bot.sop.kinds.challenge.model import Challenge

KIND = Kind(
    name="challenge",
    title="打卡挑战",
    model=Challenge,
    behaviours=(
        OnHashtag(tags=lambda sop: (sop.hashtag,), act=entries.tagged),
        OnHeard(act=listening.heard, minds=lambda sop, heard: not manual.concerns(sop, heard)),
        OnRecall(act=listening.recalled),
        OnWait("lapse", act=entries.lapsed),
        OnWait("receipt", act=receipt.post),
        OnWords(words=manual.words, act=manual.spoken),
        OnWait("look", act=duplicates.look),
        OnWait("rejected", act=review.tell),
        OnWait("unreviewed", act=reminder.remind),
        OnSlot(
            "launch", schedule=news.launch_schedule, late_after=lambda sop: news.LATE_AFTER, act=news.launch
        ),
        OnSlot("news", schedule=news.schedule, late_after=lambda sop: news.LATE_AFTER, act=news.post),
        OnSlot(
            "close", schedule=closing.schedule, late_after=lambda sop: closing.LATE_AFTER, act=closing.post
        ),
    ),
    commands=(
        Command(("challenge status", "挑战"), Who.ADMIN, "挑战进行到第几天，多少人多少桌", status.show),
        Command(
            ("rank", "排行"), Who.MEMBER, "打卡排行；私聊能看自己的名次", board.show_rank, words=("排行",)
        ),
        Command(("make up", "补卡"), Who.MEMBER, "漏了一天怎么补", status.show_make_up),
        Command(
            ("challenge winners", "挑战 获奖"),
            Who.STAFF,
            "现在谁能得奖",
            prizes.show_winners,
            where=Where.DESK,
            usage="[挑战]",
        ),
        Command(
            ("challenge choose", "选奖"),
            Who.STAFF,
            "选出要您挑的奖，收官时公布",
            prizes.choose,
            where=Where.DESK,
            usage="[挑战] 奖项 M编号…",
        ),
        Command(
            ("feature", "精选"),
            Who.STAFF,
            "问作者愿不愿意把这桌收进食谱",
            featured.feature,
            where=Where.DESK,
            usage="[编号]",
        ),
        Command(
            ("challenge close", "挑战 结束"),
            Who.ADMIN,
            "提前结束挑战，先给您看结果",
            closing.end_early,
            where=Where.DESK,
            usage="[挑战]",
            confirmed=closing.end,
        ),
        Command(
            ("reuse withdraw", "撤回授权"),
            Who.ANYONE,
            "您的餐桌不再收在食谱里",
            featured.withdraw,
            where=Where.PRIVATE,
            words=("撤回授权",),
        ),
        Command(
            ("entry withdraw", "撤回打卡"),
            Who.MEMBER,
            "您今天的打卡不算了",
            manual.withdraw,
            words=("撤回打卡",),
        ),
        Command(
            ("entry count", "算打卡"),
            Who.STAFF,
            "这位会员刚发的图算一桌",
            manual.count,
            Where.DESK,
            "M编号 [挑战]",
        ),
        Command(
            ("challenge review", "待审"), Who.STAFF, "哪些餐桌还没人看过", review.show_waiting, Where.DESK
        ),
        Command(
            ("challenge accept", "过"),
            Who.STAFF,
            "这些餐桌没问题",
            review.approve,
            Where.DESK,
            "31-35",
            leads=("过",),
            undo=review.undo,
        ),
        Command(
            ("challenge reject", "退"),
            Who.STAFF,
            "这些餐桌不算",
            review.reject,
            Where.DESK,
            "32 原因",
            leads=("退",),
            undo=review.undo,
        ),
    ),
    waiting=review.waiting,
    names=frozenset(
        {
            "challenge_entered",
            "challenge_part",
            "challenge_part_removed",
            "ugc_submitted",
            "ugc_approved",
            "ugc_duplicate",
            "ugc_flagged",
            "ugc_held",
            "ugc_rejected",
            "ugc_restored",
            "challenge_hinted",
            "ugc_withdrawn",
            "badge_awarded",
            "challenge_closed",
            "challenge_completed",
            "challenge_joined",
            "challenge_made_up",
            "consent_granted",
            "consent_withdrawn",
            "prize_won",
            "reuse_asked",
            "reuse_declined",
            "story_asked",
            "story_taken_back",
            "story_told",
            "ugc_featured",
            "ugc_unfeatured",
        }
    ),
    unmoved_by=lambda sop, heard, zone: sop.why_not_on(heard.occurred_at, zone),
)
