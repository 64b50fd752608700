"""Strangers and members try every command in every form; the forms come from the table of commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import Engine

from bot import app
from bot.events import Chat, Person
from bot.outbox.queue import Intent, Priority
from bot.people import roles
from bot.sop.index import Index
from bot.sop.kind import Command, Who
from bot.sop.kinds import collect
from bot.sop.loader import SopSet
from bot.store.tables import interaction, metadata, outgoing, unheard
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, QING, ROOM, ZHOU, said
from tests.listener import Listener

COMMANDS = app.all_commands(collect()).all
STAFFS = [it for it in COMMANDS if it.who in {Who.EXPERT, Who.STAFF, Who.ADMIN}]
NOWHERE = Chat("room-nobody-enabled", "别人的群")
STRANGER = Person("stranger", "路人")
ARGUMENTS = ("", KEY, "M1 营养师", "溯源日 1天", "1 2", "确定", "TESTCODE")
AUDIT = {"unheard", "id_block"}
"""The daily counts, and the ids that are set aside in blocks."""


def forms(command: Command) -> Iterator[str]:
    """The ways to type it that are read as a command wherever they are said to the bot."""
    for name in command.names:
        for rest in ARGUMENTS:
            typed = f"{name} {rest}".strip()
            yield from (f"{slash}{typed}" for slash in "/／、")
            yield from (f"/{typed.upper()}", f"@小野 /{typed}", f"  /{typed}  ", f"／{name}　“{rest}”")
    yield from command.words


def led(command: Command) -> Iterator[str]:
    """Those that begin with a bare word: of strangers mere talk."""
    yield from (f"{lead} {rest}" for lead in command.leads for rest in ARGUMENTS if rest)


def state(listener: Listener, *but: str) -> dict[str, list[Any]]:
    """All rows of all tables but these."""
    return {it.name: listener.rows(it) for it in metadata.sorted_tables if it.name not in {*AUDIT, *but}}


def tried(listener: Listener, texts: Iterator[str], by: Person, chat: Chat | None) -> int:
    """Say all of these to the bot; gives how many there were."""
    messages = [said(text, by, chat, to_bot=True) for text in texts]
    listener.hear(*messages)
    return len(messages)


@pytest.fixture
def writer(sqlite_engine: Engine) -> Iterator[Writer]:
    """Who may what is no matter of the database."""
    writer = Writer(sqlite_engine)
    yield writer
    writer.close()


@pytest.fixture
def listener(writer: Writer, sops: SopSet) -> Listener:
    """A room with an admin and two members, one of them in complaint; no SOP meets new friends."""
    greets = {candidate.sop.id for candidate in Index(sops).friends}
    others = {id: sop for id, sop in sops.sops.items() if id not in greets}
    listener = Listener(writer, replace(sops, sops=MappingProxyType(others)))
    listener.give(BOSS, roles.ADMIN)
    listener.say("大家好", ZHOU)
    listener.say("收到的番茄都坏了，要退款", QING)
    return listener


@pytest.mark.parametrize("command", COMMANDS, ids=lambda it: it.names[0])
@pytest.mark.parametrize("chat", [None, NOWHERE], ids=["private", "elsewhere"])
def test_a_strangers_command_has_no_effect_and_no_answer_and_is_counted(
    listener: Listener, command: Command, chat: Chat | None
) -> None:
    before = state(listener)
    count = tried(listener, forms(command), STRANGER, chat)
    tried(listener, led(command), STRANGER, chat)
    assert state(listener) == before
    assert {it["command"]: it["times"] for it in listener.rows(unheard)} == {command.names[0]: count}


@pytest.mark.parametrize("command", STAFFS, ids=lambda it: it.names[0])
@pytest.mark.parametrize("chat", [None, ROOM], ids=["private", "room"])
def test_a_members_try_of_what_staff_may_has_no_effect_and_is_on_record(
    listener: Listener, command: Command, chat: Chat | None
) -> None:
    tells = {"interaction", "text", "outgoing", "room"}
    before, logged, queued = state(listener, *tells), listener.rows(interaction), listener.rows(outgoing)
    count = tried(listener, forms(command), ZHOU, chat)
    assert state(listener, *tells) == before
    new = listener.rows(interaction)[len(logged) :]
    assert Counter(it["name"] for it in new) == {"command_given": count, "command_refused": count}
    given = {it["id"]: it["props"]["command"] for it in new if it["name"] == "command_given"}
    assert set(given.values()) == {command.names[0]}
    assert {it["parent_event_id"] for it in new if it["name"] == "command_refused"} == set(given)
    answers = listener.rows(outgoing)[len(queued) :]
    assert all("才能用" in it["payload"]["text"] for it in answers)
    assert {(it["intent"], it["priority"]) for it in answers} == {(Intent.REPLY, Priority.ANSWER)}


def test_the_same_forms_of_an_admin_have_effects(listener: Listener) -> None:
    """The forms are those that work: else nothing above says anything."""
    work = set()
    for command in STAFFS:
        before = state(listener, "interaction", "text", "outgoing", "room")
        tried(listener, forms(command), BOSS, None)
        if state(listener, "interaction", "text", "outgoing", "room") != before:
            work.add(command.names[0])
    assert work >= {"stop", "sop pause", "quiet", "member role"}
