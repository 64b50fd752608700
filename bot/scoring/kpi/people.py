"""Who is whose, where they are or were, who brought them, and since when they were heard: read once for a
report, though it looks at two periods."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from bot.people import referrals
from bot.people.referrals import Word
from bot.scoring.kpi import crowds
from bot.scoring.kpi.crowds import Crowd
from bot.store.figures import activity
from bot.store.reading import stream
from bot.store.tables import identity

_KNOWN = select(identity.c.id, identity.c.member_id).where(identity.c.member_id.is_not(None))
_FIRST_SEEN = select(activity.c.identity_id, func.min(activity.c.day)).group_by(activity.c.identity_id)


class People:
    """As one connection sees them, in one view of the database."""

    def __init__(self) -> None:
        self._member_of: dict[int, int] | None = None
        self._crowds: dict[int, Crowd] | None = None
        self._words: list[Word] | None = None
        self._first_seen: dict[int, int] | None = None

    def member_of(self, connection: Connection, theirs: Collection[int]) -> dict[int, int]:
        """The member of each identity, but for ``theirs``: our own people."""
        if self._member_of is None:
            known = stream(connection, _KNOWN)
            self._member_of = {id: member for id, member in known if member not in theirs}
        return self._member_of

    def crowds(self, connection: Connection, theirs: Collection[int]) -> dict[int, Crowd]:
        """Who was in each room, but for ``theirs``."""
        if self._crowds is None:
            self._crowds = crowds.read(connection, self.member_of(connection, theirs))
        return self._crowds

    def words(self, connection: Connection) -> list[Word]:
        """Who is said to have brought whom."""
        if self._words is None:
            self._words = referrals.words(connection)
        return self._words

    def first_seen(self, connection: Connection) -> dict[int, int]:
        """The first day on which each identity did something, anywhere."""
        if self._first_seen is None:
            self._first_seen = dict(tuple(row) for row in stream(connection, _FIRST_SEEN))
        return self._first_seen
