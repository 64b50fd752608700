"""The pipeline without a runtime: every batch is a transaction, at a moment that is moved by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping, Table

from bot import app
from bot.events import Chat, MessageRecalled, MessageReceived, Person, RoomEvent
from bot.people import directory, roles
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import interaction, outgoing, texts
from bot.store.writer import Writer
from tests.builders import KEY, MONDAY_9, QING, ROOM, rows, said

ACCOUNT, SOURCE = "main", "fake:main"


class Listener:
    """Hears what people say in an enabled room, ``ROOM``, and shows what became of it."""

    def __init__(self, writer: Writer, sops: SopSet) -> None:
        self.writer, self.sops, self.now = writer, sops, MONDAY_9
        self.pipeline = app.build_pipeline(sops, ACCOUNT, SOURCE, Status())
        with writer.transaction(self.now) as tx:
            self.room = directory.bind_room(tx, ACCOUNT, ROOM, KEY).id
            self.pipeline.start(tx)

    def hear(self, *batch: RoomEvent) -> None:
        with self.writer.transaction(self.now) as tx:
            self.pipeline.process(tx, batch)

    def say(self, text: str, sender: Person = QING, chat: Chat | None = ROOM, **more: Any) -> MessageReceived:
        """One message, now."""
        number = len(self.rows(interaction)) + 1
        message = said(text, sender, chat, **{"id": f"say-{number}", "occurred_at": self.now, **more})
        self.hear(message)
        return message

    def recall(self, message: MessageReceived) -> None:
        self.hear(MessageRecalled(f"recall-{message.id}", message.id, message.sender, self.now, message.chat))

    def tick(self, after: timedelta = timedelta(0)) -> None:
        self.now += after
        with self.writer.transaction(self.now) as tx:
            self.pipeline.tick(tx)

    def restart(self) -> None:
        """End the process, and begin another with the same SOPs."""
        with self.writer.transaction(self.now) as tx:
            self.pipeline.start(tx)

    def enable(self, chat: Chat, key: str) -> int:
        with self.writer.transaction(self.now) as tx:
            room_id = directory.bind_room(tx, ACCOUNT, chat, key).id
            self.pipeline.player.sync_timetable(tx)
            return room_id

    def disable(self) -> None:
        with self.writer.transaction(self.now) as tx:
            directory.disable_room(tx, self.room)

    def give(self, person: Person, role: str) -> None:
        """Make somebody known, with a role."""
        with self.writer.transaction(self.now) as tx:
            met = directory.meet(tx, SOURCE, [person])[person.id]
            roles.give(tx, met.member_id, role, given_by=None)

    def rows(self, table: Table, **where: object) -> list[RowMapping]:
        with self.writer.engine.connect() as connection:
            return rows(connection, table, **where)

    def log(self) -> list[str]:
        """The names of what was recorded, oldest first."""
        return [row["name"] for row in self.rows(interaction)]

    def kept(self) -> list[str]:
        """The words that are kept."""
        return [row["body"] for row in self.rows(texts)]

    def queued(self) -> Sequence[str]:
        """The words of all that was put into the outbox."""
        return [row["payload"]["text"] for row in self.rows(outgoing)]
