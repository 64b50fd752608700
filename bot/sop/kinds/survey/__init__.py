"""Short surveys in private, the willingness to recommend (NPS) first where it is asked for.

Who took part lately is asked, each at most once within ``again``; one reminder, then it is given up. Nobody
is asked in the group: who cannot be written to hears there, in one line, by which word the survey comes.
"""

from __future__ import annotations

from bot.sop.kind import Command, Kind, OnFriend, OnHeard, OnRecall, OnSlot, OnWait, Where, Who
from bot.sop.kinds.survey import conversation, recalls, rounds
from bot.sop.kinds.survey.by_request import asked_for
from bot.sop.kinds.survey.model import Survey
from bot.sop.kinds.survey.results import show
from bot.sop.kinds.survey.talk import Ctx


def befriended(ctx: Ctx) -> None:
    """Nothing is said to a new friend; only where a SOP minds friends are they recorded, and so found."""


KIND = Kind(
    name="survey",
    title="小问卷",
    model=Survey,
    behaviours=(
        OnSlot(
            "round",
            schedule=lambda sop: sop.schedule,
            late_after=lambda sop: sop.late_after,
            act=rounds.play_round,
        ),
        OnFriend(befriended),
        OnHeard(conversation.heard),
        OnRecall(recalls.recalled),
        OnWait("sent", conversation.sent),
        OnWait("remind", conversation.remind),
        OnWait("give_up", conversation.give_up),
        OnWait("rest", conversation.rest),
        OnWait("closed", rounds.closed),
    ),
    commands=(
        Command(
            ("survey", "小问卷"),
            Who.MEMBER,
            "答几个小问题，让我们做得更好",
            asked_for,
            Where.PRIVATE,
            words=("小问卷",),
        ),
        Command(
            ("survey results", "问卷结果"),
            Who.ADMIN,
            "小问卷答得怎么样；原话只在私聊里给",
            show,
            Where.DESK,
            usage="[编号] [原话]",
        ),
    ),
    names=frozenset(
        {
            "nps_answered",
            "nps_asked",
            "survey_answered",
            "survey_asked",
            "survey_cancelled",
            "survey_declined",
            "survey_expired",
            "survey_withdrawn",
        }
    ),
)
