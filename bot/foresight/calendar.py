"""The calendar: what is planned, with the rooms of the same post gathered in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby

from bot.commands.wording import day
from bot.foresight import wording
from bot.foresight.planned import Planned, Result
from bot.sop import stagger
from bot.sop.loader import SopSet
from bot.sop.templates import harmless

LATE = timedelta(minutes=5)
"""From when on it is said that a message comes later than it was due, and than its room's turn was."""
FITS, SHOWN, MOST_NAMED = 100, 24, 3
_SIGNS = {Result.SENT: "", Result.HELD: "⏸", Result.EXPIRED: "⛔", Result.REFUSED: "⛔"}
_ENDS = {Result.HELD: "先扣着", Result.EXPIRED: "过了时效，不会发", Result.REFUSED: "不会发"}


@dataclass(frozen=True, slots=True)
class Line:
    """The same post, with the same fate, in several rooms or to several people."""

    posts: Sequence[Planned]

    @property
    def first(self) -> Planned:
        return self.posts[0]

    @property
    def rooms(self) -> list[str]:
        return [it.room for it in self.posts if it.room is not None]

    @property
    def place(self) -> str:
        return wording.place(self.rooms, [it.member for it in self.posts if it.member is not None])

    @property
    def shown_at(self) -> datetime:
        """When it is sent, or was to be."""
        first = self.first
        return first.at if _is_late(first) else first.due_at

    @property
    def last_at(self) -> datetime:
        """When the last of its rooms has its turn."""
        in_turn = [it.at for it in self.posts if it.result is Result.SENT]
        return max(in_turn, default=self.shown_at)


def gather(planned: Iterable[Planned]) -> list[Line]:
    """What SOPs will send, in the order in which it is shown."""
    alike: dict[tuple[object, ...], list[Planned]] = {}
    for it in planned:
        if it.sop:
            alike.setdefault(_same(it), []).append(it)
    return sorted(map(Line, alike.values()), key=lambda line: line.shown_at)


def _same(it: Planned) -> tuple[object, ...]:
    """What posts of a line have in common; a text may name its room, or its reader."""
    text = "" if it.room is None else it.text.replace(it.room, "")
    moved_to = it.at.replace(minute=0, second=0, microsecond=0) if _is_late(it) else None
    return it.sop, it.step, it.template, it.due_at, text, it.result, it.rule, moved_to


def _is_late(it: Planned) -> bool:
    turns = timedelta(0) if it.rule is not None or it.room is None else stagger.ALL_WITHIN
    return it.result is Result.SENT and it.at - it.due_at >= LATE + turns


# --- for a phone ---


def brief(planned: Iterable[Planned], sops: SopSet, now: datetime) -> str:
    """``今12:10 溯源日→3群｜五20:00 上新 ⛔推广已满``, as much as fits a phone."""
    lines = gather(planned)
    parts = [_brief(line, sops, now) for line in lines]
    shown = [part for n, part in enumerate(parts) if len("｜".join(parts[: n + 1])) <= FITS]
    left = [f"还有{len(parts) - len(shown)}条，写少几天或写上群名看"] if len(shown) < len(parts) else []
    return "｜".join([*shown, *left])


def _brief(line: Line, sops: SopSet, now: datetime) -> str:
    zone, first = sops.community.zone, line.first
    when = wording.short(line.shown_at.astimezone(zone), now.astimezone(zone))
    what = wording.bare(name_of(sops, first.sop))
    if first.result is Result.SENT:
        return f"{when} {what}→{line.place}"
    where = "" if len(line.posts) > 1 else f"→{line.place}"
    return f"{when} {what}{where} {_SIGNS[first.result]}{wording.rule(first.rule)}"


def name_of(sops: SopSet, sop_id: str) -> str:
    sop = sops.declared.get(sop_id)
    return sop_id if sop is None else sop.name


# --- for a terminal ---


def table(planned: Iterable[Planned], sops: SopSet) -> Iterator[str]:
    """A heading a day, and below it a line a post with the beginning of its text."""
    zone = sops.community.zone
    days = groupby(gather(planned), key=lambda line: line.shown_at.astimezone(zone).date())
    for _, lines in days:
        for n, line in enumerate(lines):
            at = line.shown_at.astimezone(zone)
            if n == 0:
                yield day(at)
            last = line.last_at.astimezone(zone)
            until = f"–{last:%H:%M}" if last - at >= stagger.AT_LEAST else ""
            yield f"  {at:%H:%M}{until} {_SIGNS[line.first.result]}{_told(line, sops)}"


def _told(line: Line, sops: SopSet) -> str:
    first = line.first
    where = "、".join(line.rooms) if 0 < len(line.rooms) <= MOST_NAMED else line.place
    pictures = f" 📷{len(first.pictures)}" if first.pictures else ""
    said = f"{harmless(first.text, SHOWN)}{pictures}（{len(first.text)}字）"
    return f"{name_of(sops, first.sop)} → {where}｜{said}{_fate(first, sops)}"


def _fate(it: Planned, sops: SopSet) -> str:
    """Why it does not come as it was due."""
    zone = sops.community.zone
    if it.result is Result.SENT:
        due = it.due_at.astimezone(zone)
        why = "" if it.rule is None else f"，{wording.rule(it.rule)}"
        return f"｜原定{day(due)} {due:%H:%M}{why}" if _is_late(it) else ""
    until = "" if it.until is None else f"，{day(it.until.astimezone(zone))}再看"
    return f"｜{wording.rule(it.rule)}，{_ENDS[it.result]}{until}"


# --- for programs ---


def entry(it: Planned, sops: SopSet) -> dict[str, object]:
    """A message as JSON has it, its moments in the community's zone."""
    told = asdict(it)
    for name in ("at", "due_at", "until"):
        moment = told[name]
        told[name] = None if moment is None else moment.astimezone(sops.community.zone).isoformat()
    return told
