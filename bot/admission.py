"""Whom the account becomes friends with, and into which rooms it goes when it is invited.

Of strangers neither words nor people are kept: what remains of a request is the outgoing row that accepts
it, or nothing but a daily count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.commands.desk import CommandDesk
from bot.commands.parser import Call
from bot.events import FriendMade, FriendRequested, MessageReceived, Person, Request, RoomInvited
from bot.outbox.queue import Intent, Part, Post, Priority, accept_friend, accept_invitation, enqueue
from bot.people import directory, roles
from bot.sop.kind import Who
from bot.sop.occasion import Befriended
from bot.sop.player import Player
from bot.store import log
from bot.store.transaction import Transaction

ACCEPT_WITHIN = timedelta(days=1)
"""A request that could not be accepted by then is left to a human."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides for one account."""

    desk: CommandDesk
    player: Player

    def consider(self, tx: Transaction, request: Request) -> None:
        """Accept what the community (friends) or an admin (rooms) wants; the rest is only counted."""
        match request:
            case FriendRequested(id=id) if self.desk.sops.community.friends == "接受":
                self._accept(tx, accept_friend(id), f"friend:{id}")
            case RoomInvited(id=id) if self._is_admin(tx, request.inviter.id):
                self._accept(tx, accept_invitation(id), f"invitation:{id}")
            case FriendMade(id=id, person=person, occurred_at=at) if self.player.index.friends:
                self._befriend(tx, person, id, at)
            case FriendRequested() | FriendMade():
                self.desk.count_unheard(tx, "friend_requested")
            case RoomInvited():
                self.desk.count_unheard(tx, "room_invited")

    def hear_stranger(self, tx: Transaction, message: MessageReceived) -> None:
        """Somebody unknown writes in private, which only friends can: a friend whose making was not told.

        Their words are not kept. Where no SOP minds friends, nothing is kept of them at all.
        """
        if message.chat is None and self.player.index.friends and self._is_for_us(message):
            self._befriend(tx, message.sender, f"wrote:{message.sender.id}", message.occurred_at)

    def _is_for_us(self, message: MessageReceived) -> bool:
        """Whether it is no command, or one that every friend may give."""
        read = self.desk.read(message)
        if not isinstance(read, Call):
            return read is None
        return read.command.who is Who.ANYONE and not read.command.unheard_too

    def _befriend(self, tx: Transaction, seen: Person, event_id: str, occurred_at: datetime) -> None:
        person = directory.meet(tx, self.desk.source, [seen])[seen.id]
        at = min(occurred_at, tx.now)
        row = log.entry(
            tx, self.desk.source, event_id, "friend_made", at, identity_id=person.identity_id, channel="dm"
        )
        if log.append(tx, [row]):
            self.player.befriend(tx, Befriended(row["id"], person, at))

    def _accept(self, tx: Transaction, part: Part, what: str) -> None:
        post = Post(
            parts=[part],
            intent=Intent.REPLY,
            priority=Priority.REPLY,
            dedupe_key=f"{self.desk.account}:{what}",
            expires_at=tx.now + ACCEPT_WITHIN,
        )
        enqueue(tx, self.desk.account, post)

    def _is_admin(self, tx: Transaction, platform_id: str) -> bool:
        person = directory.known_people(tx, self.desk.source, [platform_id]).get(platform_id)
        return person is not None and roles.ADMIN in roles.roles(tx).get(person.member_id, ())
