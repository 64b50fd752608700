"""Welcoming people: at the gate (questions in private, then the room), or in the room (greeting, questions).

A friend hears the mission, the house rules and the privacy notice, and is asked for consent before the first
question. Nobody is rejected by the machine: below the line a human decides. Who joins is greeted together
with the others who did.
"""

from __future__ import annotations

from bot.sop.context import Context
from bot.sop.kind import Command, Kind, OnFriend, OnHeard, OnJoin, OnRecall, OnWait, Where, Who
from bot.sop.kinds.welcome import asking, conversation, greet, recalls, verdict
from bot.sop.kinds.welcome.model import Welcome


def heard(ctx: Context[Welcome]) -> bool:
    """In private it is the questionnaire's, in a room the group's question's."""
    assert ctx.run is not None, "only runs listen"
    if ctx.run.room_id is None:
        return conversation.heard(ctx)
    greet.heard(ctx, ctx.run)
    return False


def joined(ctx: Context[Welcome]) -> None:
    verdict.joined(ctx)
    greet.joined(ctx)


KIND = Kind(
    name="welcome",
    title="入群欢迎",
    model=Welcome,
    behaviours=(
        OnFriend(conversation.befriended),
        OnJoin(joined),
        OnHeard(heard),
        OnRecall(recalls.recalled),
        OnWait("hello", conversation.hello),
        OnWait("remind", conversation.remind),
        OnWait("give_up", conversation.give_up),
        OnWait("overdue", verdict.overdue),
        OnWait("follow_up", verdict.follow_up),
        OnWait("not_there", verdict.not_there),
        OnWait("greet", greet.greet),
        OnWait("answer_over", greet.answer_over),
    ),
    commands=(
        Command(
            ("questionnaire", "问卷"),
            Who.ANYONE,
            "答几个小问题，让我更懂您的口味",
            asking.asked_for,
            Where.PRIVATE,
            words=("问卷",),
        ),
        Command(("welcome waiting", "待定"), Who.STAFF, "等人定的入群问卷", verdict.show_waiting, Where.DESK),
        Command(("welcome accept", "通过"), Who.STAFF, "请这位进群", verdict.accept, Where.DESK, usage="M37"),
        Command(
            ("welcome reject", "婉拒"),
            Who.STAFF,
            "好好地说这次不合适",
            verdict.reject,
            Where.DESK,
            usage="M37 [想说的话]",
        ),
    ),
    waiting=verdict.waiting,
    names=frozenset(
        {
            "consent_granted",
            "invitation_followed_up",
            "member_greeted",
            "questionnaire_answered",
            "questionnaire_cancelled",
            "questionnaire_expired",
            "questionnaire_passed",
            "questionnaire_referred_to_human",
            "questionnaire_rejected",
            "questionnaire_started",
            "questionnaire_submitted",
        }
    ),
)
