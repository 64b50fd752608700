"""How many come in by the questionnaire (14), and what becomes of those who were declined."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.ledger import REJECTED
from bot.scoring.kpi.period import Period
from bot.store.session import one_of
from bot.store.tables import interaction

_STARTED, _SUBMITTED = "questionnaire_started", "questionnaire_submitted"
_PASSED, _REFERRED = "questionnaire_passed", "questionnaire_referred_to_human"


def figures(period: Period) -> Iterator[Figure]:
    """Of those who submitted it in the period; it is asked in private, so no room has its own."""
    if not period.whole:
        yield Figure("questionnaire", "问卷通过", None, unit="%", why="问卷不分群")
        return
    did = _did(period)
    submitted = did[_SUBMITTED]
    again = _decided_again(period)
    yield share(
        "questionnaire",
        "问卷通过",
        len(submitted & did[_PASSED]),
        len(submitted),
        填完的=percent(len(did[_STARTED] & submitted), len(did[_STARTED])),
        转人工=percent(len(submitted & did[_REFERRED]), len(submitted)),
        婉拒后改判=percent(sum(again), len(again)),
    )


def _did(period: Period) -> dict[str, set[int]]:
    """Who did, or met with, which step of it in the period."""
    i, names = interaction.c, (_STARTED, _SUBMITTED, _PASSED, _REFERRED)
    query = select(i.name, i.identity_id).where(
        i.name.in_(names), i.occurred_at >= period.begins, i.occurred_at < period.ends
    )
    did: dict[str, set[int]] = {name: set() for name in names}
    for name, identity_id in period.connection.execute(query):
        if (member := period.member_of.get(identity_id)) is not None:
            did[name].add(member)
    return did


def _decided_again(period: Period) -> list[bool]:
    """Of who was declined and asked once more: whether a human changed their mind, in the period."""
    i, who = interaction.c, {row.identity_id for row in period.recorded(REJECTED)}
    query = select(i.identity_id, i.name, i.occurred_at).where(
        one_of(i.identity_id, "who"),
        i.name.in_((_REFERRED, _PASSED, REJECTED)),
        i.occurred_at < period.ends,
    )
    last: dict[int, str] = {}
    asked_again: set[int] = set()
    found = []
    for identity_id, name, at in period.connection.execute(query.order_by(i.id), {"who": who}):
        if name == _REFERRED and last.get(identity_id) == REJECTED:
            asked_again.add(identity_id)
        elif name != _REFERRED and identity_id in asked_again:
            asked_again.remove(identity_id)
            found += [name == _PASSED] if at >= period.begins else []
        last[identity_id] = name
    return found
