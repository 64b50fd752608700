"""Strangers and members try every command in every form; the forms come from the table of commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import Engine

from bot import app
from bot.commands.access import includes
from bot.commands.audit import MOST
from bot.events import Chat, MembersLeft, Person
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
LED = [it for it in STAFFS if it.leads]
ROLES = {"生活导师": Who.EXPERT, "营养师": Who.STAFF, "运营": Who.ADMIN}
"""Of each kind of role one, and what is beyond it."""
COMPLAINT = "投诉"
"""From who is no member it is a complaint, as in any other words."""
TELLS = {"interaction", "text", "outgoing", "room"}
"""The log, the answers, and their numbers."""
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


def audit(listener: Listener) -> list[str]:
    """What ``/审计`` tells an admin, below the line of this very asking."""
    with listener.writer.transaction(listener.now) as tx:
        listener.pipeline.process(tx, [said("/审计", BOSS, None)])
    (reading,) = tx.errands
    return str(reading.do()).splitlines()[1:]


def shown(listener: Listener, texts: Iterator[str], by: Person, chat: Chat | None) -> list[str]:
    """What the audit tells of each of these, without their numbers; as many at once as it shows."""
    told: list[str] = []
    while some := list(islice(texts, MOST - 1)):
        tried(listener, iter(some), by, chat)
        told += [line.split(" ", 1)[1] for line in audit(listener)[: len(some)]]
    return told


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
    assert audit(listener)[-1] == f"没开通的群和陌生人：/{command.names[-1]} {count}次"


@pytest.mark.parametrize("command", STAFFS, ids=lambda it: it.names[0])
@pytest.mark.parametrize("chat", [None, ROOM], ids=["private", "room"])
def test_a_members_try_of_what_staff_may_has_no_effect_and_is_on_record(
    listener: Listener, command: Command, chat: Chat | None
) -> None:
    refused(listener, command, chat)


@pytest.mark.parametrize(
    ("command", "role"),
    [(it, role) for role, least in ROLES.items() for it in COMMANDS if includes(it.who, least)],
    ids=lambda it: it if isinstance(it, str) else it.names[0],
)
def test_a_role_gives_no_more_than_its_kind(listener: Listener, command: Command, role: str) -> None:
    listener.give(ZHOU, role)
    refused(listener, command, None)


def refused(listener: Listener, command: Command, chat: Chat | None) -> None:
    """Every form by somebody in a room to whom it is not due: no effect, and each of them on record."""
    before, logged, queued = state(listener, *TELLS), listener.rows(interaction), listener.rows(outgoing)
    count = tried(listener, forms(command), ZHOU, chat)
    assert state(listener, *TELLS) == before
    new = listener.rows(interaction)[len(logged) :]
    assert Counter(it["name"] for it in new) == {"command_given": count, "command_refused": count}
    given = {it["id"]: it["props"]["command"] for it in new if it["name"] == "command_given"}
    assert set(given.values()) == {command.names[0]}
    assert {it["parent_event_id"] for it in new if it["name"] == "command_refused"} == set(given)
    answers = listener.rows(outgoing)[len(queued) :]
    assert all("才能用" in it["payload"]["text"] for it in answers)
    assert {(it["intent"], it["priority"]) for it in answers} == {(Intent.REPLY, Priority.ANSWER)}


@pytest.mark.parametrize("command", STAFFS, ids=lambda it: it.names[0])
def test_the_audit_shows_each_form_that_a_member_was_refused(listener: Listener, command: Command) -> None:
    told = shown(listener, forms(command), ZHOU, ROOM)
    assert len(told) == len(list(forms(command)))
    assert set(told) == {f"09:00 M2 {ZHOU.name} {KEY} /{command.names[-1]} ✗没让用"}


@pytest.mark.parametrize("command", LED, ids=lambda it: it.names[0])
@pytest.mark.parametrize("chat", [None, ROOM], ids=["private", "room"])
def test_what_begins_like_a_command_of_staff_is_a_members_mere_talk(
    listener: Listener, command: Command, chat: Chat | None
) -> None:
    before, logged = state(listener, *TELLS), listener.log()
    count = tried(listener, led(command), ZHOU, chat)
    assert state(listener, *TELLS) == before
    assert set(listener.log()[len(logged) :]) == {"message_posted"}
    assert len(listener.log()) == len(logged) + count


@pytest.mark.parametrize(
    "command", [it for it in STAFFS if it.names[-1] != COMPLAINT], ids=lambda it: it.names[0]
)
def test_who_left_all_rooms_is_a_stranger_again(listener: Listener, command: Command) -> None:
    listener.hear(MembersLeft("left", ROOM, (ZHOU,), listener.now))
    before, queued = state(listener, *TELLS), listener.queued()
    logged = listener.rows(interaction)
    count = tried(listener, forms(command), ZHOU, None)
    assert state(listener, *TELLS) == before
    new = listener.rows(interaction)[len(logged) :]
    assert Counter(it["name"] for it in new) == {"command_given": count, "command_refused": count}
    assert listener.queued() == queued
    assert set(shown(listener, islice(forms(command), MOST - 1), ZHOU, None)) == {
        f"09:00 M2 {ZHOU.name} 私聊 /{command.names[-1]} ✗没让用"
    }


def test_the_same_forms_of_an_admin_have_effects(listener: Listener) -> None:
    """The forms are those that work: else nothing above says anything."""
    work = set()
    for command in STAFFS:
        before = state(listener, "interaction", "text", "outgoing", "room")
        tried(listener, forms(command), BOSS, None)
        if state(listener, "interaction", "text", "outgoing", "room") != before:
            work.add(command.names[0])
    assert work >= {"stop", "sop pause", "quiet", "member role"}
