"""A cast for the simulation: people who greet, post pictures, ask, and react to what the bot says. What they
do is made up from a seed, and so always the same.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from bot.channels.base import Effect, Invitation, Message
from bot.events import Chat, Person
from bot.foresight.ahead import Span

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
_NAMES = (
    *("阿青", "老周", "小满", "禾禾", "林姐", "豆豆妈", "阿敏", "小川", "陈伯", "一一", "南瓜", "米粒"),
    *("木子", "阿禾", "小北", "果果爸", "秋秋", "大刘", "圆圆", "安安"),
)
_GREETINGS = ("早", "早上好", "大家早呀", "哈哈", "收到")
_TALK = (
    "今天做了番茄牛腩，孩子说下次还要",
    "这批米煮粥特别香，锅底都刮干净了",
    "周末有人去农场吗，想带老人一起",
    "羽衣甘蓝拌豆干，带饭到中午还是脆的",
    "今天下班晚，煮了碗面放了两勺番茄酱",
)
_VIEWS = ("我家这周拿它炖了牛腩，汤都喝完了", "孩子不爱吃，切碎了包饺子就吃了", "凉拌最省事，淋点酱油就好")
_TABLES = ("番茄牛腩，外婆教的做法", "南瓜焖饭，孩子自己盛了两碗", "萝卜炖羊肉，等他下班一起吃")
_QUESTIONS = ("羽衣甘蓝要焯水吗", "新米要泡多久再煮", "番茄怎么挑才沙", "酱油开了封要放冰箱吗")
_IN_PRIVATE = ("好", "1", "2", "想学几道快手菜")
_TABLE_AT, _ASKING_AT, _MORNING, _WAKING = (18, 20), (10, 20), (7, 9), (8, 21)
_FEW, _LIVELINESS = 40, ((0.0, 0.15, 1.0), (60, 30, 10))
_ANSWERS_A_POST, _MOST_A_DAY = 0.12, 4


class What(Enum):
    SAYS = "says"
    SHOWS = "shows a picture"
    JOINS = "joins"
    BEFRIENDS = "befriends the bot"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does at a moment; without ``room`` to the bot in private."""

    at: datetime
    who: Person
    what: What
    room: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A room where the cast may be, and the hashtags that are answered there."""

    key: str
    chat: Chat
    hashtags: Sequence[str]


@dataclass(slots=True)
class Cast:
    """``size`` people in these places; ``next`` are the acts of the next minute in which there are any."""

    places: Sequence[Place]
    size: int
    seed: int
    zone: ZoneInfo
    _random: random.Random = field(init=False)
    _by_chat: dict[str, Place] = field(init=False)
    _acts: list[tuple[datetime, int, Act]] = field(init=False, default_factory=list)
    _order: Iterator[int] = field(init=False, default_factory=itertools.count)
    _living: dict[str, list[tuple[Person, float]]] = field(init=False, default_factory=dict)
    _people: dict[str, Person] = field(init=False, default_factory=dict)
    _said: Counter[tuple[str, object]] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._by_chat = {place.chat.id: place for place in self.places}

    def settle_in(self, span: Span) -> None:
        """Give everybody a room, and plan what they do of their own accord."""
        for n in range(self.size if self.places else 0):
            name = _NAMES[n % len(_NAMES)] + (str(n // len(_NAMES) + 1) if n >= len(_NAMES) else "")
            person = Person(f"cast-{n}", name)
            self._people[person.id] = person
            place = self.places[n % len(self.places)]
            if n % (6 if n < _FEW else 100) == 5:
                self._plan_newcomer(person, span)
            elif liveliness := self._liveliness(n):
                self._live(person, place.chat.id, liveliness)
                self._plan(person, place, span, liveliness)

    def _liveliness(self, n: int) -> float:
        """A small cast all talks; in a large one most listen, as in real rooms."""
        return 1.0 if n < _FEW else self._random.choices(*_LIVELINESS)[0]

    def _live(self, person: Person, chat: str, liveliness: float) -> None:
        self._living.setdefault(chat, []).append((person, liveliness))

    @property
    def next_at(self) -> datetime | None:
        return self._acts[0][0] if self._acts else None

    def take(self, now: datetime) -> list[Act]:
        """What is done by now."""
        taken = []
        while self._acts and self._acts[0][0] <= now:
            taken.append(heapq.heappop(self._acts)[2])
        return taken

    def see(self, effects: Iterable[Effect], now: datetime) -> None:
        """What the bot did makes some of them answer."""
        for effect in effects:
            match effect:
                case Message(chat_id=str(chat)):
                    self._answer_in_room(chat, now)
                case Message(person_id=str(id)) if id in self._people:
                    self._answer_in_private(self._people[id], now)
                case Invitation(chat_id=chat, person_id=id) if id in self._people:
                    self._come_in(self._people[id], chat, now)

    # --- of their own accord ---

    def _plan(self, person: Person, place: Place, span: Span, liveliness: float) -> None:
        """A few things in most weeks."""
        habits = (
            (0.10, _MORNING, self._greeting),
            (0.10, _WAKING, self._talk),
            (0.08, _TABLE_AT, self._table),
            (0.03, _ASKING_AT, self._question),
        )
        for day in self._days(span):
            for often, hours, act in habits:
                if self._random.random() < often * liveliness:
                    for it in act(self._moment(day, hours), person, place):
                        self._push(it, span.begins)

    def _days(self, span: Span) -> Iterator[datetime]:
        day = datetime.combine(span.begins.astimezone(self.zone).date(), time(0), self.zone)
        while day <= span.ends:
            yield day
            day += DAY

    def _moment(self, day: datetime, hours: tuple[int, int]) -> datetime:
        first, last = hours
        return day + timedelta(minutes=self._random.randrange(first * 60, (last + 1) * 60))

    def _greeting(self, at: datetime, who: Person, place: Place) -> Iterator[Act]:
        yield Act(at, who, What.SAYS, place.key, self._random.choice(_GREETINGS))

    def _talk(self, at: datetime, who: Person, place: Place) -> Iterator[Act]:
        yield Act(at, who, What.SAYS, place.key, self._random.choice(_TALK))

    def _table(self, at: datetime, who: Person, place: Place) -> Iterator[Act]:
        """A picture, and its words a little later, half of the time without the hashtag."""
        yield Act(at, who, What.SHOWS, place.key, f"餐桌-{who.id}-{at:%m%d}.jpg")
        tag = (
            f"#{self._random.choice(place.hashtags)}# "
            if place.hashtags and self._random.random() < 0.5
            else ""
        )
        later = at + MINUTE * self._random.randrange(1, 6)
        yield Act(later, who, What.SAYS, place.key, tag + self._random.choice(_TABLES))

    def _question(self, at: datetime, who: Person, place: Place) -> Iterator[Act]:
        yield Act(at, who, What.SAYS, place.key, f"提问 {self._random.choice(_QUESTIONS)}")

    def _plan_newcomer(self, person: Person, span: Span) -> None:
        """Somebody who becomes a friend, and comes in when invited."""
        days = list(self._days(span))
        self._push(Act(self._moment(self._random.choice(days), _WAKING), person, What.BEFRIENDS), span.begins)

    # --- in answer to the bot ---

    def _answer_in_room(self, chat: str, now: datetime) -> None:
        for person, liveliness in self._living.get(chat, ()):
            if self._random.random() < _ANSWERS_A_POST * liveliness and self._may_say_more(person, now):
                at = now + MINUTE * self._random.randrange(3, 90)
                room, words = self._by_chat[chat].key, self._random.choice(_VIEWS)
                self._push(Act(at, person, What.SAYS, room, words), now)

    def _answer_in_private(self, person: Person, now: datetime) -> None:
        if self._may_say_more(person, now):
            words = _IN_PRIVATE[(self._said[person.id, now.date()] - 1) % len(_IN_PRIVATE)]
            self._push(Act(now + MINUTE * self._random.randrange(1, 30), person, What.SAYS, None, words), now)

    def _come_in(self, person: Person, chat: str, now: datetime) -> None:
        if chat in self._by_chat:
            at = now + MINUTE * self._random.randrange(2, 120)
            self._push(Act(at, person, What.JOINS, self._by_chat[chat].key), now)
            self._live(person, chat, 1.0)

    def _may_say_more(self, person: Person, now: datetime) -> bool:
        self._said[person.id, now.date()] += 1
        return self._said[person.id, now.date()] <= _MOST_A_DAY

    def _push(self, act: Act, now: datetime) -> None:
        if act.at >= now:
            heapq.heappush(self._acts, (act.at, next(self._order), act))
