"""Whom the account becomes friends with, and into which rooms it goes when it is invited.

Of strangers neither words nor people are kept: what remains of a request is the outgoing row that accepts
it, or nothing but a daily count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.commands.desk import CommandDesk
from bot.events import FriendRequested, Request, RoomInvited
from bot.outbox.queue import Intent, Part, Post, Priority, accept_friend, accept_invitation, enqueue
from bot.people import directory, roles
from bot.store.transaction import Transaction

ACCEPT_WITHIN = timedelta(days=1)
"""A request that could not be accepted by then is left to a human."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides for one account."""

    desk: CommandDesk

    def consider(self, tx: Transaction, request: Request) -> None:
        """Accept what the community (friends) or an admin (rooms) wants; the rest is only counted."""
        match request:
            case FriendRequested(id=id) if self.desk.sops.community.friends == "接受":
                self._accept(tx, accept_friend(id), f"friend:{id}")
            case RoomInvited(id=id) if self._is_admin(tx, request.inviter.id):
                self._accept(tx, accept_invitation(id), f"invitation:{id}")
            case FriendRequested():
                self.desk.count_unheard(tx, "friend_requested")
            case RoomInvited():
                self.desk.count_unheard(tx, "room_invited")

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
