"""The platform, outside of the bot's process: what members say and have seen, what the bot has taken."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from bot.channels.base import Message
from bot.events import Chat, MessageReceived, Person
from tests.survival.line import Committed

CHATS = {"会员1群": Chat("chat-1", "原野一群"), "会员2群": Chat("chat-2", "原野二群")}
PEOPLE = [Person(f"person-{number}", f"{number}号") for number in range(8)]
BOT = Person("bot", "小原")
TAG = "#回声#"


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the bot, and what it committed in it."""

    began: datetime
    commits: list[Committed] = field(default_factory=list)


@dataclass(slots=True)
class Platform:
    """Its log: what is in ``shown`` members have seen, whatever the bot got to know of it."""

    random: Random
    shown: list[tuple[str, Message]] = field(default_factory=list)
    said: dict[str, MessageReceived] = field(default_factory=dict)
    """What members said, by id."""
    waiting: dict[str, MessageReceived] = field(default_factory=dict)
    """What the bot has not acknowledged: members' words and echoes, in the order in which they happened."""
    acknowledged: set[str] = field(default_factory=set)
    lives: list[Life] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def talk(self, now: datetime) -> MessageReceived:
        """A member says something that nobody said before; every other one calls for an answer."""
        id = f"m{next(self._numbers)}"
        text = f"{TAG} {id}" if self.random.random() < 0.5 else f"今天做了番茄牛腩 {id}"
        sender, chat = self.random.choice(PEOPLE), self.random.choice([*CHATS.values()])
        self.said[id] = self.waiting[id] = event = MessageReceived(id, sender, now, chat=chat, text=text)
        return event

    def show(self, message: Message, now: datetime) -> str:
        """Members see it from here on; gives its id. Now and then the bot is shown it, too."""
        id = f"p{next(self._numbers)}"
        self.shown.append((id, message))
        if self.random.random() < 0.5:
            chat = Chat(message.chat_id or "")
            echo = MessageReceived(id, BOT, now, chat=chat, text=message.text, is_self=True)
            self.waiting[id] = echo
        return id

    def note(self, committed: Committed) -> None:
        for id in committed.event_ids:
            self.acknowledged.add(id)
            self.waiting.pop(id, None)
        self.lives[-1].commits.append(committed)

    def greet(self, now: datetime) -> list[MessageReceived]:
        """What the bot is told as it begins to live: what it did not acknowledge, and some of what it did."""
        self.lives.append(Life(now))
        taken = [self.said[id] for id in sorted(self.acknowledged & self.said.keys())]
        again = self.random.sample(taken, min(2, len(taken)))
        return [*again, *self.waiting.values()]
