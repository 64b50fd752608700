"""Tables of figures: what the log comes to by day, and where members stand. They can be rebuilt from the log,
but for ``baseline``.

``day`` is a local day of the community, as a number since 1970.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, String
from sqlmodel import Field, SQLModel

from bot.store.columns import json, moment, table_of

HITS_KEPT = 730
"""Days for which a hit of a tag is kept: what is left of it then is next to nothing."""


def _key() -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class Activity(SQLModel, table=True):
    """How often somebody did something in a room on a day (``room_id`` 0: in none), and how often of those of
    their own accord. Pictures of the same ten minutes are one."""

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_day", "day"),)
    identity_id: int = _key()
    day: int = _key()
    room_id: int = _key()
    acts: int
    own: int


class Contribution(SQLModel, table=True):
    """The points that a day's acts came to, by the rules of the last recompute."""

    __tablename__ = "contribution"
    identity_id: int = _key()
    day: int = _key()
    dimension: str = Field(primary_key=True)
    points: float


class Standing(SQLModel, table=True):
    """Where a member stands (``bot.scoring.levels.Standing``); without a row, where everybody begins."""

    __tablename__ = "standing"
    member_id: int = _key()
    level: int
    since: int
    low_since: int | None = None
    notice: int | None = None
    locked: int | None = None
    away: bool = False


class TagHit(SQLModel, table=True):
    """What on a day speaks for a tag (``bot.scoring.tagging.Hit``): how often it was said, done or bought
    (``source``), and the last interaction that shows it. It outlives the words that it came from."""

    __tablename__ = "tag_hit"
    __table_args__ = (Index("ix_tag_hit_day", "day"),)
    identity_id: int = _key()
    key: str = Field(primary_key=True)
    day: int = _key()
    source: str = Field(primary_key=True)
    times: int
    event_id: int = Field(sa_column=Column(BigInteger, nullable=False))


class Progress(SQLModel, table=True):
    """How far an account's nightly work got: the last id that it read, and by which rules; with tags, too."""

    __tablename__ = "progress"
    account: str = Field(primary_key=True)
    upto: int = Field(sa_column=Column(BigInteger, nullable=False))
    day: int
    rules: str
    tags_upto: int = Field(0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    tags_rules: str = Field("", sa_column=Column(String, nullable=False, server_default=""))


class Baseline(SQLModel, table=True):
    """What the figures (``figures``, by id) came to in a month that is over, in a room or a set of rooms, or
    in all (empty). Kept, for it cannot be worked out again once words, members or rules are gone."""

    __tablename__ = "baseline"
    month: str = Field(primary_key=True)
    room: str = Field(primary_key=True)
    figures: dict[str, Any] = json()
    kept_at: datetime = moment(null=False)


activity, contribution = table_of(Activity), table_of(Contribution)
standing, progress, baseline = table_of(Standing), table_of(Progress), table_of(Baseline)
tag_hit = table_of(TagHit)
