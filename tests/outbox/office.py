"""An outbox at work: rooms, people and posts for them, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, RowMapping, update

from bot.channels.base import Effect, Message
from bot.events import MessageReceived, Person
from bot.outbox import delivery, talk
from bot.outbox.claim import Manners, claim
from bot.outbox.delivery import Outcome
from bot.outbox.pace import OFF, Pace
from bot.outbox.queue import Intent, Post, Priority, State, enqueue, text
from bot.outbox.rules import Hours, Rule, Rules
from bot.people import cases, consent, directory
from bot.people.cases import Case
from bot.store.ids import Ids
from bot.store.tables import identity, interaction, outgoing
from bot.store.transaction import Transaction
from tests.builders import KEY, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, rows

ACCOUNT, SOURCE = "main", "fake:main"
SHANGHAI = ZoneInfo("Asia/Shanghai")
ALL_DAY = Rules(SHANGHAI, (Hours(time.min, time.max),) * 8, private_a_week=50)


@dataclass
class Office:
    """Everything happens on one connection, at ``now``, in a transaction that is never committed."""

    connection: Connection
    pace: Pace = OFF
    rules: Rules = ALL_DAY
    now: datetime = MONDAY_9
    ids: Ids = field(default_factory=Ids)
    posts: int = 0

    def __post_init__(self) -> None:
        self.room = directory.bind_room(self.tx, ACCOUNT, ROOM, KEY).id
        self.other_room = directory.bind_room(self.tx, ACCOUNT, OTHER_ROOM, OTHER_KEY).id
        self.person = directory.meet(self.tx, SOURCE, [QING])[QING.id].identity_id

    @property
    def tx(self) -> Transaction:
        return Transaction(self.connection, self.ids, self.now)

    def post(
        self, *texts: str, room: int | None = None, person: int | None = None, **more: Any
    ) -> int | None:
        """Queue a post, to the first room if no place is named; gives the id of its first row."""
        self.posts += 1
        room = self.room if room is None and person is None else room
        values = {
            "intent": Intent.REPLY,
            "priority": Priority.REPLY,
            "dedupe_key": f"post-{self.posts}",
            **more,
        }
        return enqueue(
            self.tx,
            ACCOUNT,
            Post([text(words) for words in texts], room_id=room, identity_id=person, **values),
        )

    def claim(self) -> Effect | datetime | None:
        return claim(self.tx, ACCOUNT, Manners(self.pace, self.rules))

    def claim_message(self) -> Message:
        claimed = self.claim()
        assert isinstance(claimed, Message), claimed
        return claimed

    def settle(
        self,
        message: Message,
        state: State = State.SENT,
        platform_id: str | None = None,
        *,
        too_often: bool = False,
    ) -> None:
        delivery.settle(self.tx, Outcome(message.id, state, "", platform_id, too_often), self.pace)

    def refuse_until_failed(self, text: str) -> None:
        """Send what may leave, now and later; ``text`` is refused however often it is tried."""
        while (claimed := self.claim()) is not None:
            if isinstance(claimed, Message):
                self.settle(claimed, State.FAILED if claimed.text == text else State.SENT)
            else:
                self.now = cast("datetime", claimed)

    def talk(self, message: MessageReceived, role: str) -> None:
        """Somebody says something in the first room."""
        row = {"id": self.ids.next(self.connection), "name": "message_posted", "room_id": self.room}
        more = {"occurred_at": message.occurred_at, "identity_id": self.person, "actor_role": role}
        talk.note(self.tx, ACCOUNT, self.rules.sells, [(message, {**row, **more})])

    def opt_out(self, identity_id: int) -> None:
        consent.decide(self.tx, self._member_of(identity_id), consent.CONTACT, given=False, cause=None)

    def opt_in(self, identity_id: int) -> None:
        consent.decide(self.tx, self._member_of(identity_id), consent.CONTACT, given=True, cause=None)

    def complain(self, room: int | None = None) -> Case:
        """The person complains, in the first room if no other is named."""
        room = self.room if room is None else room
        return cases.open_case(self.tx, self.person, room, self.ids.next(self.connection), self.now)

    def deal_with_complaints(self) -> None:
        """Close all cases, as ``/已处理`` does."""
        for case in cases.open_cases(self.tx):
            cases.close(self.tx, case, member_id=1)
            if case.room_id is not None:
                delivery.let_go(self.tx, Rule.COMPLAINT, room_id=case.room_id)

    def another_identity_of(self, identity_id: int) -> int:
        """The same person under another account of theirs."""
        other = directory.meet(self.tx, SOURCE, [Person("other-account")])["other-account"].identity_id
        self.connection.execute(
            update(identity).where(identity.c.id == other).values(member_id=self._member_of(identity_id))
        )
        return other

    def _member_of(self, identity_id: int) -> int:
        (row,) = rows(self.connection, identity, id=identity_id)
        return int(row["member_id"])

    def send_all(self) -> list[str]:
        """Claim and settle what may leave now; gives the texts."""
        sent = []
        while isinstance(claimed := self.claim(), Message):
            self.settle(claimed)
            sent.append(claimed.text)
        return sent

    def echo(self, platform_id: str, text: str, place: int | None) -> bool:
        return delivery.echo(self.tx, ACCOUNT, platform_id, place, text, self.now)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def row(self, message: Message | int | None) -> RowMapping:
        id = message.id if isinstance(message, Message) else message
        (row,) = rows(self.connection, outgoing, id=id)
        return row

    def row_of(self, text: str) -> RowMapping:
        (row,) = (row for row in rows(self.connection, outgoing) if row["payload"]["text"] == text)
        return row

    def states(self) -> list[str]:
        return [row["state"] for row in rows(self.connection, outgoing)]

    def recorded(self) -> list[RowMapping]:
        """What the log says of what the bot said."""
        return rows(self.connection, interaction, name="content_sent")


@contextmanager
def office(engine: Engine, pace: Pace = OFF) -> Iterator[Office]:
    """An office whose doings are undone in the end."""
    with engine.connect() as connection:
        yield Office(connection, pace)
