"""What many tests build: people and rooms, what they say, and small SOPs of small kinds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from bot.events import Chat, MessageReceived, Person
from bot.scenario.world import World
from bot.sop.command import CommandContext
from bot.sop.kind import Behaviour, Command, Kind, Who
from bot.sop.language import Sop
from bot.sop.loader import LoadedFile, SopSet

MONDAY_9 = datetime(2026, 11, 30, 1, tzinfo=UTC)
"""Nine o'clock in Shanghai, on the Monday on which the samples begin."""
ROOM, OTHER_ROOM = Chat("room-1", "原野一群"), Chat("room-2", "原野二群")
KEY, OTHER_KEY = "会员1群", "会员2群"
BOSS, QING, ZHOU = Person("boss", "管管"), Person("qing", "阿青"), Person("zhou", "老周")

_ids = itertools.count(1)


def values(row: RowMapping) -> list[Any]:
    """The columns of a row, in their order."""
    return list(row.values())


def said(text: str, sender: Person = QING, chat: Chat | None = ROOM, **more: Any) -> MessageReceived:
    """A message with an id of its own, at ``MONDAY_9`` unless told otherwise."""
    plain = {"id": f"said-{next(_ids)}", "occurred_at": MONDAY_9, "chat": chat, "text": text}
    return MessageReceived(sender=sender, **{**plain, **more})


def rows(connection: Connection, table: Table, **where: object) -> list[RowMapping]:
    """The rows of ``table`` whose columns are as in ``where``, by key; what has an id is oldest first."""
    query = select(table).filter_by(**where).order_by(*table.primary_key.columns)
    return list(connection.execute(query).mappings())


class Boom(Exception):
    """An error that only tests raise."""


@contextmanager
def failing() -> Iterator[None]:
    """Whatever is done inside fails in the end."""
    yield
    raise Boom


async def ask(world: World, text: str, sender: Person = BOSS, chat: Chat | None = ROOM) -> list[str]:
    """``sender`` says ``text`` (in private if ``chat`` is None); gives what the bot says to it at once."""
    before = len(world.sent)
    world.channel.say(text, sender, chat)
    await world.settle()
    return [message.text for _, message in world.sent[before:]]


def look(world: World, table: Table, **where: object) -> list[RowMapping]:
    """``rows`` as another connection sees them: what is committed."""
    with world.engine.connect() as connection:
        return rows(connection, table, **where)


class Toy(Sop):
    """A SOP without keys of its own."""


def toy_kind(
    name: str, *behaviours: Behaviour, commands: Sequence[Command] = (), names: Collection[str] = ()
) -> Kind:
    """A kind of these behaviours; ``names`` are the interactions that it records."""
    return Kind(name, name, Toy, behaviours, tuple(commands), frozenset(names))


_TOY_YAML = "sop: {0}\nid: {0}\nname: {0}\n"


def with_kinds(sops: SopSet, *kinds: Kind, rooms: tuple[str, ...] | None = None) -> SopSet:
    """``sops`` with nothing but one SOP of each of ``kinds``, which bears its kind's name."""
    toys = {kind.name: Toy(sop=kind.name, id=kind.name, name=kind.name, rooms=rooms) for kind in kinds}
    source = {name: LoadedFile(f"{name}.yaml", f"hash-{name}", _TOY_YAML.format(name)) for name in toys}
    return replace(
        sops,
        sops=MappingProxyType(toys),
        declared=MappingProxyType(toys),
        source=MappingProxyType(source),
        kinds=MappingProxyType({kind.name: kind for kind in kinds}),
    )


def only(sops: SopSet, *ids: str) -> SopSet:
    """``sops`` with these SOPs alone."""
    return replace(sops, sops=MappingProxyType({id: sops.declared[id] for id in ids}))


def command(*names: str, who: Who = Who.MEMBER, **more: Any) -> Command:
    """A command that answers with its first name and its arguments."""
    run: Callable[[CommandContext], None] = lambda ctx: ctx.reply(f"{names[0]} {ctx.args}")  # noqa: E731
    return Command(**{"names": names, "who": who, "help": f"关于{names[0]}", "run": run, **more})
