"""Scores from outside: who would move by today's rules, and what one member's score is made of."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.nightly.granting import Granting
from bot.nightly.refresh import everything
from bot.people import numbers
from bot.scoring import book, days, explain, facts
from bot.scoring.benefits import Kind
from bot.scoring.explain import Reason
from bot.scoring.kpi.period import ours
from bot.scoring.levels import Facts, Standing, gates, missing, reached
from bot.scoring.rules import Scoring
from bot.sop.loader import SopSet
from bot.store.tables import identity, member

MOST = 30
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Move:
    """A member whose level is another by these rules, or whose score is too low for the one they have."""

    number: int
    before: str
    after: str
    score: float
    why: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def moves(connection: Connection, sops: SopSet, scoring: Scoring, now: datetime) -> list[Move]:
    """By the whole log, read anew; nobody is told and nothing is written."""
    zone = sops.community.zone
    today = days.number(now, zone)
    people = book.together(connection, everything(connection, scoring, zone), scoring, today)
    numbers = _numbers(connection)
    stood, staff = book.standings(connection), ours(connection, sops.community.roles)
    found = (
        _move(numbers[id], stood.get(id, Standing()), scoring, known, today)
        for id, known in facts.with_beside(connection, zone, people)
        if id not in staff
    )
    return sorted((it for it in found if it is not None), key=lambda it: it.number)


def _move(number: int, stands: Standing, scoring: Scoring, known: Facts, today: int) -> Move | None:
    levels, level = scoring.levels, min(stands.level, len(scoring.levels) - 1)
    best, score = reached(scoring, known, today), known.score.total
    if best > level:
        why = tuple(gap.said for gap in gates(levels[best], known, today))
        return Move(number, levels[level].name, levels[best].name, score, why)
    if level > 1 and score < scoring.descent.below * levels[level].score:
        why = tuple(gap.said for gap in missing(levels[level], known, today))
        return Move(number, levels[level].name, levels[level - 1].name, score, why)
    return None


def as_lines(found: Sequence[Move]) -> Iterator[str]:
    yield f"会动{len(found)}位；升的当晚就升，低于门槛的先记着，满日子、提前说过才降。什么也没有写。"
    for move in found[:MOST]:
        yield f"M{move.number} {move.before} → {move.after}｜{move.score:.1f}分｜{'；'.join(move.why[:3])}"
    if len(found) > MOST:
        yield f"……还有{len(found) - MOST}位，全部看 --json"


def benefits(connection: Connection, sops: SopSet, scoring: Scoring, now: datetime) -> Iterator[str]:
    """Who would be granted what tonight, and who would begin to lose it, by the levels of today."""
    night = Granting("", sops.community.roles, scoring, days.number(now, sops.community.zone))
    spent = night.spent_by(connection, now) if scoring.has_grades else {}
    gained, lost = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for member_id, steps in night.coming(connection, None, spent).items():
        for step in steps:
            if step.kind is Kind.GRANT:
                gained[step.lot.name].append(member_id)
            elif step.kind is Kind.HOLD and step.until != step.lot.ends:
                lost[step.lot.name].append(member_id)
    numbers = _numbers(connection) if gained or lost else {}
    for title, found in (("今晚发", gained), (f"够不上了，手里的再用{scoring.descent.benefits}天", lost)):
        for name, who in sorted(found.items()):
            yield f"权益｜{title}：{name} {len(who)}位｜{_some(numbers[it] for it in who)}"


def _numbers(connection: Connection) -> dict[int, int]:
    by_id = select(member.c.id, member.c.number)
    return {row[0]: row[1] for row in connection.execute(by_id)}


def _some(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    shown = " ".join(f"M{it}" for it in ordered[:_SHOWN])
    return f"{shown} ……" if len(ordered) > _SHOWN else shown


@dataclass(frozen=True, slots=True)
class OfMember:
    """One member's score, act by act."""

    number: int
    reasons: Sequence[Reason]

    @property
    def total(self) -> float:
        return sum(reason.today for reason in self.reasons)

    def as_json(self) -> str:
        rows = [{**asdict(it), "day": days.day_of(it.day).isoformat()} for it in self.reasons]
        whole = {"member": self.number, "score": self.total, "reasons": rows}
        return json.dumps(whole, ensure_ascii=False, indent=2)

    def as_lines(self) -> Iterator[str]:
        yield f"M{self.number} 今天{self.total:.2f}分，{len(self.reasons)}次互动："
        for it in self.reasons:
            asked = " 应邀" if it.prompted else ""
            day = days.day_of(it.day)
            yield f"{day} #{it.event} {it.name} {it.dimension} {it.points:+.2f}{asked} 今天剩 {it.today:.2f}"


def of_member(connection: Connection, sops: SopSet, scoring: Scoring, named: str, now: datetime) -> OfMember:
    member_id, number = numbers.of_typed(connection, named)
    identities = list(connection.scalars(select(identity.c.id).where(identity.c.member_id == member_id)))
    return OfMember(number, explain.reasons(connection, identities, scoring, sops.community.zone, now))
