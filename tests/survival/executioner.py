"""Starts the bot, kills it at a place, and starts it again, while members talk and slots fall due."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from random import Random
from time import monotonic
from zoneinfo import ZoneInfo

from bot.channels.base import Message
from tests.survival import process
from tests.survival.line import Broken, Committed, Place, Reached, Said
from tests.survival.platform import Platform
from tests.survival.process import Mutation
from tests.survival.timeline import Timeline

PATIENCE = 30.0
"""Seconds in which a place must be reached, or the bot come to rest."""
LIFETIME = 0.5
"""Seconds after which a process is killed that dies anywhere, at most."""
TALK_EVERY = 0.02
"""Seconds between what members say."""
AWAY = timedelta(minutes=90)
"""How long the bot stays dead, at most."""
DAYS_OF_REST = 3
ZONE = ZoneInfo("Asia/Shanghai")
_EVENING, _MORNING = 19, time(8, 55)

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.survival.process"])


@dataclass(slots=True)
class Bot:
    """One process of the bot, and our ends of the two pipes to it."""

    process: ForkServerProcess
    asked: Connection
    told: Connection

    @classmethod
    def begin(cls, url: str, timeline: Timeline, without: Mutation | None) -> Bot:
        asked, asks = _FORKS.Pipe()
        hears, told = _FORKS.Pipe(duplex=False)
        born = _FORKS.Process(target=process.live, args=(asks, hears, url, timeline, without), daemon=True)
        born.start()
        asks.close()
        hears.close()
        return cls(born, asked, told)

    def __enter__(self) -> Bot:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.asked.close()
        self.told.close()

    def kill(self) -> int | None:
        """End it, if it did not end by itself; gives its exit code."""
        self.process.kill()
        self.process.join()
        return self.process.exitcode

    def end(self) -> int | None:
        """No more input will come, so it ends by itself; gives its exit code."""
        self.told.close()
        with suppress(EOFError):
            while self.asked.poll(PATIENCE):
                self.asked.recv()
                self.asked.send("")
        return self.kill()


@dataclass(slots=True)
class Executioner:
    """``kill`` as often as wanted, then ``let_rest``; ``platform`` has seen what there was to be seen."""

    url: str
    timeline: Timeline
    random: Random
    without: Mutation | None = None
    kills: Counter[Place] = field(default_factory=Counter)
    in_sending: set[int] = field(default_factory=set)
    """The outgoing rows whose call was under way at a kill."""
    platform: Platform = field(init=False)

    def __post_init__(self) -> None:
        self.platform = Platform(self.random)

    def kill(self, place: Place) -> None:
        """Kill the bot as it comes to ``place``, for the first to the third time; it is dead for a while."""
        with self._begin() as bot:
            self._accompany(bot, place)
            assert bot.kill() == -signal.SIGKILL, "it ended by itself"
        self.kills[place] += 1
        self._leave_dead()

    def let_rest(self, is_at_rest: Callable[[datetime], bool]) -> datetime:
        """Let the bot live undisturbed until all is done; gives that moment.

        What is held until tomorrow makes it tomorrow.
        """
        for _ in range(DAYS_OF_REST):
            if (moment := self._rest(is_at_rest)) is not None:
                return moment
            self.timeline = self.timeline.later(_until_morning(self.timeline.now()))
        raise AssertionError("the bot does not come to rest")

    def _rest(self, is_at_rest: Callable[[datetime], bool]) -> datetime | None:
        with self._begin() as bot:
            for said in self._listen(bot, PATIENCE / DAYS_OF_REST, talking=False):
                now = self.timeline.now()
                if said is not None:
                    bot.asked.send(self._answer(bot, said))
                elif not self.platform.waiting and is_at_rest(now):
                    assert bot.end() == 0, "it did not end well"
                    return now
        return None

    def _begin(self) -> Bot:
        bot = Bot.begin(self.url, self.timeline, self.without)
        for event in self.platform.greet(self.timeline.now()):
            bot.told.send(event)
        return bot

    def _accompany(self, bot: Bot, place: Place) -> None:
        passes = self.random.randint(1, 3)
        patience = self.random.uniform(0, LIFETIME) if place is Place.ANYWHERE else PATIENCE
        for said in self._listen(bot, patience):
            if said is None:
                continue
            if isinstance(said, Reached) and said.place is _call_of(place):
                passes -= 1
                if not passes:
                    self._see_die(place, said.message)
                    return
            bot.asked.send(self._answer(bot, said))
        assert place is Place.ANYWHERE, f"not reached: {place}"

    def _listen(self, bot: Bot, patience: float, *, talking: bool = True) -> Iterator[Said | None]:
        """What the bot says, each to be answered, while members talk; None while it is silent."""
        over, next_talk = monotonic() + patience, monotonic()
        while (now := monotonic()) < over:
            if talking and now >= next_talk:
                next_talk += TALK_EVERY
                bot.told.send(self.platform.talk(self.timeline.now()))
            yield bot.asked.recv() if bot.asked.poll(TALK_EVERY / 2) else None

    def _answer(self, bot: Bot, said: Said) -> str:
        if isinstance(said, Broken):
            raise AssertionError(said.traceback)
        if isinstance(said, Committed):
            self.platform.note(said)
        elif isinstance(said, Reached) and said.place is Place.CALLED:
            assert said.message is not None
            shown_id = self.platform.show(said.message, self.timeline.now())
            if (echo := self.platform.waiting.get(shown_id)) is not None:
                bot.told.send(echo)
            return shown_id
        return ""

    def _see_die(self, place: Place, message: Message | None) -> None:
        """The answer never comes; members have seen the message, or never will."""
        if message is not None:
            self.in_sending.add(message.id)
            if place is Place.SHOWN:
                self.platform.show(message, self.timeline.now())

    def _leave_dead(self) -> None:
        """For a moment or up to ``AWAY``; in the evening until the morning."""
        now = self.timeline.now()
        away = self.random.choice([0.0, 0.1, 1.0]) * self.random.random() * AWAY
        is_evening = now.astimezone(ZONE).hour >= _EVENING
        self.timeline = self.timeline.later(_until_morning(now) if is_evening else away)


def _call_of(place: Place) -> Place:
    """Where the bot is when we let it die at ``place``: whether the message is shown is not its doing."""
    return Place.CALLED if place is Place.SHOWN else place


def _until_morning(now: datetime) -> timedelta:
    tomorrow = now.astimezone(ZONE).date() + timedelta(days=1)
    return datetime.combine(tomorrow, _MORNING, ZONE) - now
