"""``community.yaml``: who we are, which rooms there are, which roles people may get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache, cached_property
from itertools import islice
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, ValidationInfo

from bot.outbox import selling
from bot.outbox.guard import PATIENCE
from bot.outbox.rules import Budget, Rules
from bot.outbox.selling import seller
from bot.people.cases import NEAR
from bot.sop import complaints
from bot.sop.calendar import is_holiday
from bot.sop.hours import USUAL, OpenHours
from bot.sop.language import Duration, Every, Model, Name, TemplateOf
from bot.sop.problems import MAX_PROBLEMS, Finding, Mistake, closest
from bot.sop.schedule import Schedule


@dataclass(frozen=True, slots=True)
class PrivacyWords:
    """What the notice that is posted when a room is enabled may use."""

    community: str = "原野之味"
    mission: str = "让每一餐都知道来处"
    keep_days: int = 90
    bot: str = "小助手"


@dataclass(frozen=True, slots=True)
class ComplaintWords:
    """What the one line that a complaint draws may use."""

    community: str = "原野之味"
    bot: str = "小助手"


class Bot(Model):
    """How the bot shows itself."""

    name: Name = "小助手"


class Privacy(Model):
    """What members are told about the record, and for how many days their words are kept."""

    template: Annotated[str, TemplateOf(PrivacyWords), Field(validate_default=True)] = "privacy_notice.j2"
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90


def _at_most_a_day(span: timedelta) -> timedelta:
    if span > NEAR:
        raise Mistake("最多一天", "24h")
    return span


def _shorter_than_patience(lull: timedelta) -> timedelta:
    if lull > PATIENCE:
        raise Mistake("帖子最多等 20 分钟，写短一点", "3m")
    return lull


class Guard(Model):
    """The rules that no message gets round: when we speak, how much we begin in a room and with one person,
    how much we give for what we ask, and what counts as selling."""

    hours: OpenHours = USUAL
    private_a_week: Annotated[int, Field(ge=1, le=50)] = 2
    posts_a_day: Annotated[int, Field(ge=1, le=20)] = 2
    posts_a_week: Annotated[int, Field(ge=1, le=100)] = 8
    promo_a_week: Annotated[int, Field(ge=0, le=20)] = 1
    gives_per_ask: Annotated[int, Field(ge=0, le=10)] = 2
    at_all_a_month: Annotated[int, Field(ge=0, le=10)] = 1
    apart: Annotated[Duration, AfterValidator(_at_most_a_day)] = timedelta(hours=2)
    lull: Annotated[Duration, AfterValidator(_shorter_than_patience)] = timedelta(minutes=3)
    sells: tuple[Name, ...] = selling.WORDS
    sells_unless: tuple[Name, ...] = selling.UNLESS

    @property
    def budget(self) -> Budget:
        names = (field.name for field in fields(Budget))
        return Budget(**{name: getattr(self, name) for name in names})


class Complaints(Model):
    """What counts as a complaint: ``words``, but not within ``unless``. For ``hold`` at most, or until it is
    dealt with, its room gets no posts."""

    words: tuple[Name, ...] = complaints.WORDS
    unless: tuple[Name, ...] = complaints.UNLESS
    hold: Annotated[Duration, AfterValidator(_at_most_a_day)] = timedelta(hours=2)
    template: Annotated[str, TemplateOf(ComplaintWords), Field(validate_default=True)] = "complaint_reply.j2"


def _zone(name: str) -> str:
    if name not in _zones():
        raise Mistake(f"没有时区“{name}”", closest(name, _zones()))
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # it walks the disk


def _one_word(key: str) -> str:
    if not key or len(key.split()) != 1 or key != key.strip():
        raise Mistake("群的键要写成一个词，不能有空格", "".join(key.split()))
    return key


def _different(keys: tuple[str, ...]) -> tuple[str, ...]:
    first = {key: n for n, key in reversed([*enumerate(keys)])}
    twice = [Finding((n,), f"群“{key}”写了两次", "只留一处") for n, key in enumerate(keys) if n > first[key]]
    if twice:
        raise Mistake("", findings=twice)
    return keys


def _sets(sets: dict[str, tuple[str, ...]], info: ValidationInfo) -> dict[str, tuple[str, ...]]:
    rooms: tuple[str, ...] | None = info.data.get("rooms")
    findings = (
        [] if rooms is None else [*_clashing(sets, {*rooms}), *islice(_unknown(sets, {*rooms}), MAX_PROBLEMS)]
    )
    if findings:
        raise Mistake("", findings=findings)
    return sets


def _clashing(sets: Mapping[str, object], rooms: set[str]) -> list[Finding]:
    return [
        Finding((name,), f"“{name}”已经是一个群的键，群组要换个名字", f"{name}们", key=True)
        for name in sets
        if name in rooms
    ]


def _unknown(sets: Mapping[str, tuple[str, ...]], rooms: set[str]) -> Iterator[Finding]:
    return (
        Finding((name, n), f"rooms 里没有群“{key}”", closest(key, sorted(rooms)))
        for name, keys in sets.items()
        for n, key in enumerate(keys)
        if key not in rooms
    )


def _known_room(key: str | None, info: ValidationInfo) -> str | None:
    rooms: tuple[str, ...] | None = info.data.get("rooms")
    if key is not None and rooms is not None and key not in rooms:
        raise Mistake(f"rooms 里没有群“{key}”", closest(key, rooms))
    return key


def _has_somebody(every: Schedule | None, info: ValidationInfo) -> Schedule | None:
    if every is not None and "operators" in info.data and info.data["operators"] is None:
        raise Mistake("数字发到运营群，先写 operators 是哪个群")
    return every


RoomKey = Annotated[str, AfterValidator(_one_word)]


class Community(Model):
    """The community that the bot serves. ``sets`` are names for several rooms together.

    ``operators``: the room of the staff, which gets alarms, and ``weekly`` the figures.
    ``friends``: whether the bot accepts who wants to be friends, or leaves that to a human at the phone.
    """

    name: Name
    mission: Name
    bot: Bot = Bot()
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    rooms: Annotated[tuple[RoomKey, ...], Field(min_length=1), AfterValidator(_different)]
    sets: Annotated[dict[RoomKey, tuple[str, ...]], AfterValidator(_sets)] = Field({})
    roles: dict[Name, Literal["member", "koc", "expert", "staff"]] = Field({})
    privacy: Privacy = Privacy()
    guard: Guard = Guard()
    complaints: Complaints = Complaints()
    operators: Annotated[str | None, AfterValidator(_known_room)] = None
    weekly: Annotated[Every | None, AfterValidator(_has_somebody)] = None
    friends: Literal["接受", "人工"] = "人工"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def rules(self) -> Rules:
        """The guard's rules in the community's time zone."""
        guard = self.guard
        return Rules(
            self.zone,
            guard.hours,
            guard.private_a_week,
            self.complaints.hold,
            guard.budget,
            is_holiday,
            seller(guard.sells, guard.sells_unless),
        )

    def names(self) -> dict[str, tuple[str, ...]]:
        """Every name that SOPs and commands may use for rooms, with the keys that it stands for."""
        return {key: (key,) for key in self.rooms} | self.sets

    def expand(self, name: str) -> tuple[str, ...]:
        """The room keys that ``name``, a key or a set, stands for; none if there is no such name."""
        return self.names().get(name, ())
