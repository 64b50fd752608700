"""Waking the silent, gently: a private word to friends who have been silent for long, and no more than a few.

A member's silence is a run (scope ``member:ID``, occurrence: when they last took part), with the steps
of the ladder that were taken, whichever of the member's rooms took them.
A share is held out, to measure what the words are worth. Who declines is left alone for good,
and so is who says that they like to listen only. Nothing of it is ever said in a group.
"""

from __future__ import annotations

from bot.sop.kind import Kind, OnFriend, OnHeard, OnSlot, OnWait
from bot.sop.kinds.wakeup.model import Wakeup
from bot.sop.kinds.wakeup.replies import answered, heard
from bot.sop.kinds.wakeup.rounds import Ctx, play_round


def befriended(ctx: Ctx) -> None:
    """Nothing is said to a new friend; only where a SOP minds friends are they recorded, and so found."""


KIND = Kind(
    name="wakeup",
    title="唤醒沉默",
    model=Wakeup,
    behaviours=(
        OnSlot(
            "round", schedule=lambda sop: sop.every, late_after=lambda sop: sop.late_after, act=play_round
        ),
        OnFriend(befriended),
        OnHeard(heard),
        OnWait("answered", answered),
    ),
    names=frozenset({"wakeup_sent", "wakeup_held_out", "wakeup_answered", "wakeup_declined"}),
)
