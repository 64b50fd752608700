"""Plays a scenario and says, where it went otherwise, what was expected and what the bot said."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

from bot.channels.base import Message
from bot.errors import ScenarioError
from bot.events import (
    FriendMade,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Patted,
    Quote,
    RoomEvent,
)
from bot.scenario.folder import Change, Folder
from bot.scenario.playing import Play, changed, local_time, place, said, shown
from bot.scenario.script import OF_THE_HOUSE, PAT, RELOAD, SENT, US, Line, Script, pattern_of
from bot.scenario.world import PICTURES, SLOT_COUNTS, World
from bot.sop.loader import Loader, SopSet
from bot.sop.problems import Mistake, did_you_mean
from bot.store.log import CORE_NAMES

ON_TIME = timedelta(minutes=1)
"""How far from its line's moment a message may be sent."""


async def play(script: Script, sops: SopSet, url: str | None = None, loader: Loader | None = None) -> Play:
    """Play ``script`` with ``sops``, in a database of its own (``url``, or one that is thrown away).

    ``loader`` is what read them: a scenario that reloads has it read a copy of their folder.
    """
    _check(script, sops)
    cast = partial(_cast, script.sops, frozenset(sops.declared))
    with tempfile.TemporaryDirectory(prefix="scenario-") as home:
        zone = sops.community.zone
        begins = datetime.fromisoformat(script.begins).replace(tzinfo=zone)
        folder = Folder(Path(home), loader, cast) if loader is not None and script.reloads else None
        load = None if folder is None else folder.load
        world = World(cast(sops), begins, url or f"sqlite:///{Path(home) / 'scenario.db'}", load=load)
        playing = Play(script, world, begins, folder)
        try:
            chats = {key: playing.chat(key) for key in script.rooms}
            roles = {playing.person(name): role for name, role in script.roles.items()}
            await world.start(chats, [playing.person(name) for name in script.admins], roles)
            await _play_all(playing)
        finally:
            await world.close()
    return playing


def _check(script: Script, sops: SopSet) -> None:
    """Raise ``ScenarioError`` for what the scenario names and nobody knows."""
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
    for wanted in script.sops or ():
        if wanted not in sops.declared:
            raise ScenarioError(f"没有 id 是 {wanted} 的 SOP{did_you_mean(wanted, sops.declared)}")


def _cast(wanted: Collection[str] | None, known: Collection[str], sops: SopSet) -> SopSet:
    """Of ``sops`` those ``wanted``, also where they are switched off, and what was not ``known`` before."""
    if wanted is None:
        return sops
    named = {id: sops.declared[id] for id in wanted if id in sops.declared}
    new = {id: sop for id, sop in sops.sops.items() if id not in known}
    return replace(sops, sops=MappingProxyType(named | new))


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
    if line.acts & OF_THE_HOUSE:
        await _change_the_house(playing, line)
    event = _event(playing, line)
    if event is not None:
        playing.transcript.append(f"{local_time(playing, world.clock.now())} {shown(line)}")
        if line.delay:
            await world.move_to(world.clock.now() + line.delay)
        await world.happen(event)
        if line.image is not None:  # a picture takes no time here, however busy the machine is
            await world.pictures_are_here()


async def _change_the_house(playing: Play, line: Line) -> None:
    """What the bot runs on is another: its process, the platform's ids, or its files."""
    playing.transcript.append(f"{local_time(playing, playing.world.clock.now())} —— {changed(line)} ——")
    if line.renumbered:
        playing.renumbered[f"person-{line.who}" if line.who else f"room-{line.room}"] += 1
    elif line.reload is not None:
        await _reload(playing, line.reload, typed=line.who is not None)
    else:
        await playing.world.stop()
        if line.restart:
            await playing.world.start()


async def _reload(playing: Play, changes: Mapping[str, Change], typed: bool) -> None:
    """Change the files; the bot reads them because it watches them, unless somebody types that it shall."""
    if playing.folder is None:
        raise Mistake("这里没有可以重新装载的文件夹")
    playing.folder.change(changes)
    if not typed:
        await playing.world.reload()


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
    if line.who is None or line.renumbered:
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
    if line.reload is not None:
        return replace(blank, text=RELOAD)
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
        playing.failure = f"等机器人{place(line)}说 {line.bot}，它什么也没说"
        return
    at, message = playing.pending[0]
    if not _fits(playing, line, message):
        playing.failure = (
            f"说的不一样\n  应该：{place(line)} {line.bot}\n  实际：{said(playing, at, message)}"
        )
    elif timed and abs(at - moment) > ON_TIME:
        playing.failure = (
            f"时间不对\n  应该：{local_time(playing, moment)}\n  实际：{said(playing, at, message)}"
        )
    else:
        playing.matched += 1
        playing.transcript.append(said(playing, at, message))


def _fits(playing: Play, line: Line, message: Message) -> bool:
    if line.private is not None:
        here = message.person_id == playing.person(line.private).id
    else:
        here = message.chat_id == playing.chat(line.room).id
    return here and re.search(pattern_of(line.bot or ""), message.text, re.DOTALL) is not None


def _unexpected(playing: Play) -> str:
    if not playing.pending:
        return ""
    lines = [f"  多出：{said(playing, at, message)}" for at, message in playing.pending]
    return "\n".join(["机器人说了没有人等的话", *lines])


def _wrong_counts(playing: Play) -> str:
    expected = {"failures": 0, **playing.script.expect}
    found = {name: playing.world.count(name) for name in expected}
    wrong = [f"  {name}：应该 {expected[name]}，实际 {n}" for name, n in found.items() if n != expected[name]]
    return "\n".join(["记录的次数不对", *wrong]) if wrong else ""
