"""Made-up members, as tables have them and as facts: what a query finds is to be what the facts say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import Connection, Table, delete

from bot.audience.conditions import (
    GRADES,
    Active,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    InRoom,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
)
from bot.audience.scope import Scope
from bot.people.consent import PERSONAL
from bot.scoring import days
from bot.store.benefits import spending
from bot.store.figures import activity, standing
from bot.store.tables import (
    consent,
    identity,
    member,
    membership,
    role,
    room,
    tag,
)
from tests.builders import MONDAY_9

ZONE = ZoneInfo("Asia/Shanghai")
KINDS = {"运营": "staff", "营养师": "expert", "美食大使": "koc"}
SCOPE = Scope(MONDAY_9, ZONE, KINDS, "运营群")
TODAY = SCOPE.today
ROOMS = {1: "会员1群", 2: "会员2群", 3: "运营群", 4: "关了的群"}
"""By id; the last is disabled."""
OPENED = TODAY - 50
TAGS = ("烹饪热情", "办公室")
LEVELS = ("新朋友", "同行者", "共创者")
_FILLED = (room, member, identity, membership, tag, standing, spending, activity, consent, role)


@dataclass(frozen=True)
class Made:
    """``ways`` are those of the tags: the source says so, says no, said so once, or was refused.

    ``joined``: by room, how many days ago; None: before us. ``acts``: (days ago, room or none).
    ``split``: what they have is spread over two members, of which one was merged into the other.
    """

    joined: dict[int, int | None]
    left: frozenset[int]
    ways: dict[str, list[str]]
    level: int
    grade: int
    acts: frozenset[tuple[int, int]]
    decided: list[bool]
    role: str | None
    split: bool

    @property
    def is_meant(self) -> bool:
        """Whether they are in any audience at all."""
        return bool(self.here) and KINDS.get(self.role or "", "koc" if self.role else "member") in (
            "koc",
            "member",
        )

    @property
    def here(self) -> dict[str, int]:
        """The rooms of members where they are, and on which day they came."""
        there = {n: ago for n, ago in self.joined.items() if n not in self.left and n in (1, 2)}
        return {ROOMS[n]: OPENED if ago is None else TODAY - ago for n, ago in there.items()}

    @property
    def decisions(self) -> list[bool]:
        """One a member; the last one counts."""
        return self.decided if self.split else self.decided[:1]

    @property
    def facts(self) -> Facts:
        told = {key for key, ways in self.ways.items() if "yes" in ways and "refused" not in ways}
        return Facts(
            TODAY,
            frozenset(self.here),
            max(self.here.values()),
            not self.decisions or self.decisions[-1],
            dict.fromkeys(told, 1.0),
            self.level,
            self.grade,
            sorted({TODAY - ago for ago, room_id in self.acts if room_id}),
        )


_ways = st.lists(st.sampled_from(["yes", "no", "once", "refused"]), unique=True, max_size=3)
people = st.builds(
    Made,
    joined=st.dictionaries(st.sampled_from([*ROOMS]), st.none() | st.integers(0, 40), max_size=3),
    left=st.frozensets(st.sampled_from([*ROOMS]), max_size=1),
    ways=st.fixed_dictionaries(dict.fromkeys(TAGS, _ways)),
    level=st.integers(0, 4),
    grade=st.integers(0, GRADES),
    acts=st.frozensets(st.tuples(st.integers(-1, 12), st.integers(0, 3)), max_size=5),
    decided=st.lists(st.booleans(), max_size=2),
    role=st.sampled_from([None, None, None, "运营", "美食大使"]),
    split=st.booleans(),
)


def _between(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, most), st.integers(0, most)).map(lambda it: (min(it), max(it)))


_leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Tagged, st.sampled_from(TAGS)),
    _between(2).map(lambda it: Leveled(*it, LEVELS)),
    _between(GRADES).map(lambda it: Spends(*it)),
    st.builds(Active, st.integers(1, 3), st.integers(1, 12)),
    st.builds(Silent, st.integers(1, 12)),
    st.builds(InRoom, st.frozensets(st.sampled_from(["会员1群", "会员2群"]), min_size=1)),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda it: AllOf((*it,))),
        st.lists(inner, min_size=1, max_size=3).map(lambda it: AnyOf((*it,))),
    ),
    max_leaves=6,
)


def settle(connection: Connection, made: list[Made]) -> None:
    """Write them into the tables, in the place of whoever was there; the n-th is member n."""
    for table in _FILLED:
        connection.execute(delete(table))
    for n, key in ROOMS.items():
        gone = MONDAY_9 if key == "关了的群" else None
        told = {"id": n, "key": key, "account": "main", "title": ""}
        _insert(connection, room, {**told, "enabled_at": _noon(OPENED), "disabled_at": gone})
    for n, it in enumerate(made, 1):
        _settle(connection, n, it)


def _settle(connection: Connection, n: int, it: Made) -> None:
    halves = [n, n + 1000] if it.split else [n]
    for half in halves:
        into = None if half == n else n
        _insert(connection, member, {"id": half, "number": half, "created_at": MONDAY_9, "merged_into": into})
        known = {"id": half + 50_000, "source": "fake:main", "external_id": f"p{half}", "name": f"名{half}"}
        _insert(connection, identity, {**known, "member_id": n})
    first, last = halves[0], halves[-1]
    for room_id, ago in it.joined.items():
        _insert(connection, membership, _stay(last + 50_000, room_id, ago, room_id in it.left))
    for key, ways in it.ways.items():
        for source, way in zip(("questionnaire", "behaviour", "message"), ways, strict=False):
            _insert(connection, tag, _tag(first if source == "behaviour" else last, key, source, way))
    if it.level:
        stands = {"member_id": n, "level": it.level, "since": 0, "away": False}
        _insert(connection, standing, stands)
    if it.grade:
        _insert(connection, spending, {"member_id": n, "cents": 1, "grade": it.grade})
    for ago, room_id in it.acts:
        act = {"identity_id": first + 50_000, "day": TODAY - ago, "room_id": room_id, "acts": 1, "own": 1}
        _insert(connection, activity, act)
    for turn, (half, given) in enumerate(zip(halves, it.decisions, strict=False)):
        decision = {"member_id": half, "purpose": PERSONAL, "given": given, "text_version": ""}
        _insert(connection, consent, {**decision, "at": MONDAY_9 + timedelta(seconds=turn)})
    if it.role is not None:
        _insert(connection, role, {"id": n, "member_id": last, "role": it.role, "given_at": MONDAY_9})


def _stay(identity_id: int, room_id: int, ago: int | None, left: bool) -> dict[str, Any]:
    return {
        "identity_id": identity_id,
        "room_id": room_id,
        "alias": "",
        "ordinal": 1,
        "joined_at": None if ago is None else _noon(TODAY - ago),
        "left_at": MONDAY_9 if left else None,
    }


def _tag(member_id: int, key: str, source: str, way: str) -> dict[str, Any]:
    return {
        "member_id": member_id,
        "key": key,
        "source": source,
        "score": -1.0 if way == "no" else 0.0 if way == "refused" else 1.0,
        "confidence": 1.0,
        "evidence": [],
        "first_at": MONDAY_9,
        "last_at": MONDAY_9,
        "expires_at": MONDAY_9 if way == "once" else None,
        "version": "",
        "refused_at": MONDAY_9 if way == "refused" else None,
    }


def _noon(day: int) -> datetime:
    return datetime.combine(days.day_of(day), time(12), ZONE).astimezone(UTC)


def _insert(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    connection.execute(table.insert(), [row])
