"""The calendar, and a preview, as commands in chat tell them (``bot.sop.command.Foresee``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.foresight import calendar, preview, start
from bot.foresight.ahead import Span, play_ahead
from bot.outbox.pace import Pace
from bot.sop.language import Sop
from bot.sop.loader import SopSet


@dataclass(frozen=True, slots=True)
class Foresight:
    """Looks ahead from the state of the database at ``url``, in which the bot is at work."""

    url: str
    pace: Pace

    def __call__(
        self,
        sops: SopSet,
        account: str,
        now: datetime,
        days: int,
        rooms: Sequence[str],
        verbatim: Sop | None = None,
    ) -> str:
        if verbatim is not None:
            sops = preview.switched_on(sops, verbatim)
        span = Span.of_days(now, days, sops.community.zone)
        with start.as_it_is(self.url, account, sops) as state:
            planned = play_ahead(sops, state, span, account, self.pace)
        here = [it for it in planned if not rooms or it.room in rooms]
        if verbatim is None:
            return calendar.brief(here, sops, now) or f"{days}天里没有要发的。"
        mine = [it for it in here if it.sop == verbatim.id]
        return "\n".join(preview.lines(mine, sops)).strip() or preview.nothing(verbatim, days)
