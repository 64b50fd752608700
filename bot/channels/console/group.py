"""The group itself: turns what its people do into events, and remembers what can be recalled."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from bot.channels.console.cast import Cast
from bot.channels.console.grammar import Act, Befriend, Join, Leave, Recall, Say, SayPrivately, SendPictures
from bot.events import (
    Chat,
    FriendMade,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
)

Happening = MessageReceived | MessageRecalled | MembersJoined | MembersLeft | FriendMade
_NEW_NAME = re.compile(r"[^\s@＠:：]{1,20}")


class Refused(ValueError):
    """Nothing happened; the text says why, in Chinese."""


class Group:
    """One group chat, and the private conversations of its people with the bot.

    ``new_id`` gives ids to everything that happens here, ``now`` the moment at which it does.
    """

    def __init__(
        self, chat: Chat, bot: Person, cast: Cast, *, new_id: Callable[[], str], now: Callable[[], datetime]
    ) -> None:
        self.chat, self.bot, self.cast = chat, bot, cast
        self.speaker = cast.first
        self._new_id, self._now = new_id, now
        self._said: defaultdict[str, list[MessageReceived]] = defaultdict(list)

    def speak_as(self, name: str) -> None:
        self.speaker = self._known(name)

    def events(self, act: Act) -> list[Happening]:
        """What happens by ``act``, in order; ``Refused`` where it cannot."""
        match act:
            case Say():
                return [self._say(act)]
            case SendPictures():
                return self._send_pictures(act)
            case SayPrivately():
                return [self._say_privately(act)]
            case Recall():
                return [self._recall(act)]
            case Join():
                return [self._join(act)]
            case Leave():
                return [self._leave(act)]
            case Befriend(name=name):
                return [FriendMade(self._new_id(), self._friend(name), self._now())]

    def _say(self, act: Say) -> Happening:
        sender = self._member(act.by or self.speaker.name)
        mentioned = self._mentioned(act.text)
        message = MessageReceived(
            id=self._new_id(),
            sender=sender,
            occurred_at=self._now(),
            chat=self.chat,
            text=act.text,
            mentioned=mentioned,
            to_bot=self.bot.id in mentioned,
        )
        return self._remembered(message)

    def _send_pictures(self, act: SendPictures) -> list[Happening]:
        sender = self._member(act.by or self.speaker.name)
        return [self._remembered(self._picture(sender, file)) for file in act.files]

    def _picture(self, sender: Person, file: str) -> MessageReceived:
        return MessageReceived(
            id=self._new_id(),
            sender=sender,
            occurred_at=self._now(),
            kind=MessageKind.IMAGE,
            chat=self.chat,
            media=(Media(ref=file, name=file),),
        )

    def _say_privately(self, act: SayPrivately) -> Happening:
        sender = self._known(act.by or self.speaker.name)
        message = MessageReceived(self._new_id(), sender, self._now(), text=act.text)
        return self._remembered(message)

    def _recall(self, act: Recall) -> Happening:
        sender = self._known(act.by or self.speaker.name)
        if not self._said[sender.id]:
            raise Refused(f"{sender.name}没有可以撤回的消息。")
        message = self._said[sender.id].pop()
        return MessageRecalled(self._new_id(), message.id, sender, self._now(), message.chat)

    def _join(self, act: Join) -> Happening:
        inviter = self._member(act.inviter) if act.inviter is not None else None
        for name in act.names:
            self._check_can_join(name)
        people = tuple(self.cast.enter(name) for name in act.names)
        return MembersJoined(self._new_id(), self.chat, people, self._now(), inviter)

    def _leave(self, act: Leave) -> Happening:
        people = tuple(self._member(name) for name in act.names)
        for person in people:
            self.cast.leave(person)
        return MembersLeft(self._new_id(), self.chat, people, self._now())

    def _friend(self, name: str) -> Person:
        """Whoever becomes our friend may be new, and stays outside the group."""
        if name == self.bot.name:
            raise Refused("机器人不能加自己。")
        self._check_name(name)
        return self.cast.meet(name)

    def _check_can_join(self, name: str) -> None:
        person = self.cast.named(name)
        if name == self.bot.name or (person is not None and self.cast.has_member(person)):
            raise Refused(f"{name}已经在群里了。")
        self._check_name(name)

    def _check_name(self, name: str) -> None:
        if not (name.isprintable() and _NEW_NAME.fullmatch(name)):
            raise Refused("名字最多 20 个字，里面不能有 @ 和冒号。")

    def _known(self, name: str) -> Person:
        person = self.cast.named(name)
        if person is None:
            raise Refused(f"没有叫“{name}”的人。:who 看看都有谁，:join {name} 让新朋友进群。")
        return person

    def _member(self, name: str) -> Person:
        person = self._known(name)
        if not self.cast.has_member(person):
            raise Refused(f"{name}不在群里。可以 :join {name} 进群，或者用 :dm 私聊。")
        return person

    def _mentioned(self, text: str) -> tuple[str, ...]:
        """The ids behind every @name in ``text``, each once; a name ends where the word does."""
        people = {person.name: person.id for person in (*self.cast.members, self.bot)}
        found = re.findall(rf"[@＠]({_any_of(people)})(?!\w)", text)
        return tuple(dict.fromkeys(people[name] for name in found))

    def _remembered(self, message: MessageReceived) -> MessageReceived:
        self._said[message.sender.id].append(message)
        return message


def _any_of(names: Iterable[str]) -> str:
    """A pattern for these names, longer ones first, so that 小满 does not hide 小满妈."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
