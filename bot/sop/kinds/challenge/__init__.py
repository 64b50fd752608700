"""Hashtag challenges: a picture and words with the tag, sent together or apart, are an entry.

A member's day has one *attempt* at a time: a run per member, day and number. Each message that belongs to it
is a ``challenge_part`` of the run; the entry is an ``ugc_submitted`` row, made once both halves are there,
and ``ugc_withdrawn`` when a recall leaves it without a picture or without the tag. Receipts are gathered
and posted together.
"""

from __future__ import annotations

from bot.sop.kind import Command, Kind, OnHashtag, OnHeard, OnRecall, OnWait, Who
from bot.sop.kinds.challenge import board, entries, receipt
from bot.sop.kinds.challenge.model import Challenge

KIND = Kind(
    name="challenge",
    title="打卡挑战",
    model=Challenge,
    behaviours=(
        OnHashtag(tags=lambda sop: (sop.hashtag,), act=entries.tagged),
        OnHeard(act=entries.heard),
        OnRecall(act=entries.recalled),
        OnWait("lapse", act=entries.lapsed),
        OnWait("receipt", act=receipt.post),
    ),
    commands=(
        Command(("challenge status", "挑战"), Who.ADMIN, "挑战进行到第几天，多少人多少桌", board.show_status),
        Command(
            ("rank", "排行"), Who.MEMBER, "打卡排行；私聊能看自己的名次", board.show_rank, words=("排行",)
        ),
    ),
    names=frozenset(
        {
            "challenge_entered",
            "challenge_part",
            "challenge_part_removed",
            "ugc_submitted",
            "ugc_withdrawn",
        }
    ),
)
