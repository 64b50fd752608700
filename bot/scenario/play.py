"""Plays a scenario and says, where it went otherwise, what was expected and what the bot said."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.channels.base import Message
from bot.errors import ScenarioError
from bot.events import (
    Chat,
    FriendMade,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Patted,
    Person,
    Quote,
    RoomEvent,
)
from bot.scenario.script import PAT, SENT, US, Line, Script, pattern_of
from bot.scenario.world import PICTURES, SLOT_COUNTS, World
from bot.sop.loader import SopSet
from bot.sop.problems import Mistake, did_you_mean
from bot.store.log import CORE_NAMES

ON_TIME = timedelta(minutes=1)
"""How far from its line's moment a message may be sent."""
_SHOWN_BEFORE = 6


@dataclass(slots=True)
class Play:
    """A scenario being played: the transcript, and why it failed (empty: it has not).

    ``nominal`` is the moment of the last line, before the pace and delays; ``matched`` counts the bot's
    messages that lines took; ``renumbered`` how often the platform gave a room or person another id.
    """

    script: Script
    world: World
    nominal: datetime
    transcript: list[str] = field(default_factory=list)
    failure: str = ""
    said: dict[str, list[MessageReceived]] = field(default_factory=dict)
    matched: int = 0
    renumbered: Counter[str] = field(default_factory=Counter)

    @property
    def pending(self) -> Sequence[tuple[datetime, Message]]:
        """What the bot said that no line took yet."""
        return self.world.sent[self.matched :]

    def person(self, name: str) -> Person:
        return Person(self._id(f"person-{name}"), name)

    def chat(self, key: str) -> Chat:
        return Chat(self._id(f"room-{key}"), key)

    def _id(self, first: str) -> str:
        """The platform's id of today."""
        return first + "'" * self.renumbered[first]


async def play(script: Script, sops: SopSet, url: str | None = None) -> Play:
    """Play ``script`` with ``sops``, in a database of its own (``url``, or one that is thrown away)."""
    chosen = _choose(script, sops)
    with tempfile.TemporaryDirectory(prefix="scenario-") as folder:
        zone = chosen.community.zone
        begins = datetime.fromisoformat(script.begins).replace(tzinfo=zone)
        world = World(chosen, begins, url or f"sqlite:///{Path(folder) / 'scenario.db'}")
        playing = Play(script, world, nominal=begins)
        try:
            chats = {key: playing.chat(key) for key in script.rooms}
            roles = {playing.person(name): role for name, role in script.roles.items()}
            await world.start(chats, [playing.person(name) for name in script.admins], roles)
            await _play_all(playing)
        finally:
            await world.close()
    return playing


def _choose(script: Script, sops: SopSet) -> SopSet:
    """The SOPs that the scenario names, also those that are switched off."""
    known = {*CORE_NAMES, *SLOT_COUNTS, PICTURES, "failures"}.union(
        *(kind.names for kind in sops.kinds.values())
    )
    for name in script.expect:
        if name not in known:
            raise ScenarioError(f"expect 里没有 {name} 这种记录{did_you_mean(name, known)}")
    for key in script.rooms:
        if key not in sops.community.rooms:
            meant = did_you_mean(key, sops.community.rooms)
            raise ScenarioError(f"community.yaml 里没有“{key}”这个群{meant}")
    if script.sops is None:
        return sops
    for wanted in script.sops:
        if wanted not in sops.declared:
            raise ScenarioError(f"没有 id 是 {wanted} 的 SOP{did_you_mean(wanted, sops.declared)}")
    return replace(sops, sops={sop_id: sops.declared[sop_id] for sop_id in script.sops})


async def _play_all(playing: Play) -> None:
    for number, line in enumerate(playing.script.talk):
        try:
            await (_expect(playing, line) if line.bot is not None else _happen(playing, line))
        except Mistake as mistake:
            playing.failure = str(mistake)
        if playing.failure:
            playing.failure = f"第 {playing.script.lines[number]} 行：{playing.failure}"
            return
    await playing.world.settle()
    playing.failure = _unexpected(playing) or _wrong_counts(playing)


# --- what people do ---


async def _happen(playing: Play, line: Line) -> None:
    playing.failure = _unexpected(playing)
    if playing.failure:
        return
    world = playing.world
    await world.move_to(_moment(playing, line))
    playing.failure = _unexpected(playing)
    if playing.failure:
        return
    if line.stop or line.restart:
        playing.transcript.append(
            f"{_time(playing, world.clock.now())} —— 机器人{'停了' if line.stop else '重启'} ——"
        )
        await world.stop()
        if line.restart:
            await world.start()
        return
    if line.renumbered:
        _renumber(playing, line)
        return
    event = _event(playing, line)
    if event is not None:
        playing.transcript.append(f"{_time(playing, world.clock.now())} {_shown(line)}")
        if line.delay:
            await world.move_to(world.clock.now() + line.delay)
        await world.happen(event)
        if line.image is not None:  # a picture takes no time here, however busy the machine is
            await world.pictures_are_here()


def _renumber(playing: Play, line: Line) -> None:
    playing.renumbered[f"person-{line.who}" if line.who else f"room-{line.room}"] += 1
    now = _time(playing, playing.world.clock.now())
    playing.transcript.append(f"{now} —— {line.who or line.room}换了编号 ——")


def _moment(playing: Play, line: Line) -> datetime:
    zone = playing.world.sops.community.zone
    playing.nominal = line.moment(playing.nominal, playing.world.clock.now(), zone)
    return playing.nominal


def _event(playing: Play, line: Line) -> RoomEvent | FriendMade | None:
    chat, now = playing.chat(line.room), playing.world.clock.now()
    new_id = playing.world.channel.next_id()
    if line.join:
        names = line.join if isinstance(line.join, list) else [line.who or ""]
        inviter = None if line.inviter is None else playing.person(line.inviter)
        return MembersJoined(new_id, chat, tuple(map(playing.person, names)), now, inviter)
    if line.who is None:
        return None
    if line.who == US:
        return _typed_by_us(playing, line, new_id)
    who = playing.person(line.who)
    if line.befriend:
        return FriendMade(new_id, who, now)
    if line.sends == PAT:
        return Patted(new_id, chat, now, by=who, to_bot=True)
    if line.leave:
        return MembersLeft(new_id, chat, (who,), now)
    if line.removed:
        return MembersLeft(new_id, chat, (), now, remover=who, bot_left=True)
    if line.recall is not None:
        mine = playing.said.get(line.who, [])
        if len(mine) < line.recall:
            raise Mistake(f"{line.who} 还没有说过这么多话，没有可以撤回的")
        original = mine[-line.recall]
        return MessageRecalled(new_id, original.id, who, now, original.chat)
    blank = MessageReceived(
        new_id, who, now, chat=None if line.privately else chat, quote=_quote(playing, line)
    )
    message = _message(line, blank)
    if message is not None:
        playing.said.setdefault(line.who, []).append(message)
    return message


def _typed_by_us(playing: Play, line: Line, new_id: str) -> RoomEvent | None:
    """What a human types at the bot's account."""
    channel = playing.world.channel
    blank = MessageReceived(
        new_id, channel.me, playing.world.clock.now(), chat=playing.chat(line.room), is_self=True
    )
    return _message(line, replace(blank, quote=_quote(playing, line)))


def _quote(playing: Play, line: Line) -> Quote | None:
    """What is quoted; where somebody said (or the bot sent) exactly this, with the message's id."""
    if line.quote is None:
        return None
    return Quote(_id_of(playing, line), line.quote_of or "", line.quote)


def _id_of(playing: Play, line: Line) -> str:
    """The last message of the one quoted with this text, or with this picture's name."""
    for message in reversed(playing.said.get(line.quote_of or "", [])):
        if line.quote in (message.text, *(media.name for media in message.media)):
            return message.id
    return ""


def _bytes(name: str, blank: MessageReceived) -> str:
    """Pictures of one name are different ones, taken on different days, unless the name says ``same-``."""
    return name if name.startswith("same-") else f"{name}@{blank.id}"


def _message(line: Line, blank: MessageReceived) -> MessageReceived | None:
    if line.say is not None:
        return replace(blank, text=line.say, to_bot=line.mention)
    if line.private is not None:
        return replace(blank, text=line.private, chat=None)
    if line.image is not None:
        names = [line.image] if isinstance(line.image, str) else line.image
        return replace(
            blank, kind=MessageKind.IMAGE, media=tuple(Media(_bytes(name, blank), name) for name in names)
        )
    if line.voice is not None:
        return replace(blank, kind=MessageKind.VOICE, media=(Media(line.voice),))
    if line.sends is not None:
        return replace(blank, kind=SENT[line.sends])
    if line.sticker is not None:
        return replace(blank, kind=MessageKind.STICKER)
    return None


# --- what the bot does ---


async def _expect(playing: Play, line: Line) -> None:
    timed = line.at is not None or line.after is not None
    moment = _moment(playing, line)
    await (playing.world.move_to(moment) if timed else playing.world.settle())
    if not playing.pending:
        playing.failure = f"等机器人{_place(line)}说 {line.bot}，它什么也没说"
        return
    at, message = playing.pending[0]
    if not _fits(playing, line, message):
        playing.failure = (
            f"说的不一样\n  应该：{_place(line)} {line.bot}\n  实际：{_said(playing, at, message)}"
        )
    elif timed and abs(at - moment) > ON_TIME:
        playing.failure = f"时间不对\n  应该：{_time(playing, moment)}\n  实际：{_said(playing, at, message)}"
    else:
        playing.matched += 1
        playing.transcript.append(_said(playing, at, message))


def _fits(playing: Play, line: Line, message: Message) -> bool:
    if line.private is not None:
        here = message.person_id == playing.person(line.private).id
    else:
        here = message.chat_id == playing.chat(line.room).id
    return here and re.search(pattern_of(line.bot or ""), message.text, re.DOTALL) is not None


def _unexpected(playing: Play) -> str:
    if not playing.pending:
        return ""
    lines = [f"  多出：{_said(playing, at, message)}" for at, message in playing.pending]
    return "\n".join(["机器人说了没有人等的话", *lines])


def _wrong_counts(playing: Play) -> str:
    expected = {"failures": 0, **playing.script.expect}
    found = {name: playing.world.count(name) for name in expected}
    wrong = [f"  {name}：应该 {expected[name]}，实际 {n}" for name, n in found.items() if n != expected[name]]
    return "\n".join(["记录的次数不对", *wrong]) if wrong else ""


# --- how it is shown ---


def _time(playing: Play, moment: datetime) -> str:
    local = moment.astimezone(playing.world.sops.community.zone)
    return f"{local.month}月{local.day}日 周{'一二三四五六日'[local.weekday()]} {local:%H:%M}"


def _said(playing: Play, at: datetime, message: Message) -> str:
    place = message.chat_id or f"私聊 {message.person_id}"
    text = message.text.replace("\n", "\n      ")
    return f"{_time(playing, at)} 机器人（{place.removeprefix('room-')}）：{text}"


def _place(line: Line) -> str:
    return f"私聊 {line.private}" if line.private is not None else f"在{line.room}"


_ACTS = {
    "image": "图片",
    "voice": "语音",
    "sticker": "表情",
    "recall": "撤回",
    "join": "进群",
    "leave": "退群",
    "befriend": "加了机器人好友",
    "removed": "移走了机器人",
}


def _shown(line: Line) -> str:
    act = next(iter(line.acts), "")
    what = getattr(line, act, "")
    said = [_ACTS[act]] if act in _ACTS else []
    said += [str(what)] if isinstance(what, str | list) else []
    who = "、".join(line.join) if isinstance(line.join, list) else line.who
    return f"{who}（{'私聊' if line.private is not None or line.privately else line.room}） {' '.join(said)}"


def report(playing: Play) -> str:
    """Why it failed, with what was said before."""
    before = playing.transcript[-_SHOWN_BEFORE:]
    return (
        "\n".join([playing.failure, "之前：", *(f"  {line}" for line in before)])
        if before
        else playing.failure
    )
