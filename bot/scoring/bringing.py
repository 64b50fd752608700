"""What bringing others earns: points once who came took part on some days, for as long as that stands.

The word by which somebody brought somebody may cease to stand: a stronger one was told, it was taken back, or
the two turned out to be one person. Then its points count nothing, and count again if that is undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from bot.people import referrals
from bot.people.referrals import ACTIVATED, OBJECT, REFERRED, WITHDRAWN, Word
from bot.scoring.damping import regrouped_accounts
from bot.scoring.kpi.period import ours
from bot.store.figures import activity
from bot.store.reading import about, stream
from bot.store.session import one_of
from bot.store.tables import identity, interaction, score_entry


class Ripe(NamedTuple):
    """A word whose points are due, and the day on which they were earned."""

    word: Word
    day: int


def ripe(connection: Connection, days: int, kinds: Mapping[str, str]) -> Iterator[Ripe]:
    """Where who came was there on so many ``days``, and nothing was given yet. Our own people earn nothing,
    and nobody earns by them; ``kinds`` says what each role is."""
    done, staff = referrals.activated(connection), ours(connection, kinds)
    waiting = {
        came: word
        for came, word in referrals.everybody(connection).items()
        if word.brought_by is not None and word.id not in done and staff.isdisjoint((came, word.brought_by))
    }
    for came, there in sorted(_days(connection, waiting).items()):
        if len(there) >= days:
            yield Ripe(waiting[came], sorted(there)[days - 1])


def _days(connection: Connection, people: Collection[int]) -> dict[int, set[int]]:
    """The days on which each did something."""
    joined = activity.join(identity, identity.c.id == activity.c.identity_id)
    query = select(identity.c.member_id, activity.c.day).select_from(joined).distinct()
    found: defaultdict[int, set[int]] = defaultdict(set)
    for member, day in connection.execute(
        query.where(one_of(identity.c.member_id, "people")), {"people": people}
    ):
        found[member].add(day)
    return found


# --- what stands ---


def void(connection: Connection, identities: Collection[int]) -> set[int]:
    """The events that gave points to these identities by a word that stands no more."""
    i = interaction.c
    query = (
        select(i.id, i.parent_event_id, identity.c.member_id)
        .select_from(interaction.join(identity, identity.c.id == i.identity_id))
        .where(i.object_type == OBJECT, i.name == ACTIVATED)
    )
    given = list(about(connection, query, i.target_identity_id, identities))
    stand = referrals.of(connection, {came for *_, came in given}) if given else {}
    ids = {it.id for it in stand.values()}
    return {event for event, word, _ in given if word not in ids}


def unsettled(connection: Connection, after: int) -> Select[Any]:
    """(identity, moment) of points that may stand, or not, since what came behind the id ``after``."""
    e, act = score_entry.c, interaction.alias("act")
    people = {*_told_about(connection, after), *regrouped_accounts(connection, after)}
    return (
        select(e.identity_id, e.at)
        .select_from(score_entry.join(act, act.c.id == e.event_id))
        .where(e.rule == ACTIVATED, act.c.identity_id.in_(people) | e.identity_id.in_(people))
    )


def _told_about(connection: Connection, after: int) -> set[int]:
    """All accounts of those about whom a word is new, or was taken back."""
    word, recall, back = (interaction.alias(it) for it in ("word", "recall", "back"))
    joined = word.outerjoin(
        recall, (recall.c.parent_event_id == word.c.parent_event_id) & (recall.c.name == "message_recalled")
    ).outerjoin(back, (back.c.parent_event_id == word.c.id) & (back.c.name == WITHDRAWN))
    came, other = identity.alias("came"), identity.alias("other")
    both = joined.join(came, came.c.id == word.c.identity_id).join(
        other, other.c.member_id == came.c.member_id
    )
    query = (
        select(other.c.id)
        .select_from(both)
        .where(word.c.object_type == OBJECT, word.c.name == REFERRED)
        .where((word.c.id > after) | (recall.c.id > after) | (back.c.id > after))
    )
    return {row[0] for row in stream(connection, query)}
