"""Complaint first: a human is called at once, and SOPs do not hear of it.

What a member says that complains or tells of harm opens a case: it calls the operators, keeps posts from the
room (the guard's rule ``complaint``) and draws one line. A command is no complaint, and our own people raise
none. A recall of the words takes them out of the alarm; the case stays until a human closes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.outbox.queue import ANSWER_WITHIN, Intent, Post, Priority, enqueue, text
from bot.people import cases
from bot.people.cases import Case
from bot.people.roles import OURS
from bot.sop import operators
from bot.sop.community import ComplaintWords
from bot.sop.index import Index
from bot.sop.loader import SopSet
from bot.sop.occasion import Heard
from bot.sop.templates import harmless, harmless_name
from bot.store import failures, log
from bot.store.transaction import Transaction

EXCERPT = 40


@dataclass(frozen=True, slots=True)
class Complaints:
    """Hears complaints for one account."""

    account: str
    sops: SopSet
    index: Index

    def hear(self, tx: Transaction, heard: Heard) -> bool:
        """Open a case if ``heard`` is a complaint; False: it is none, and others may hear it."""
        if heard.actor_role in OURS:
            if heard.room is not None:
                cases.note_answer(tx, heard.room.id, heard.occurred_at)
            return False
        in_operators_room = heard.room is not None and heard.room.key == self.sops.community.operators
        if in_operators_room or not self.index.complains(heard.text):
            return False
        return failures.attempt(tx, "complaint", lambda: self._open(tx, heard), cause=heard.id)

    def _open(self, tx: Transaction, heard: Heard) -> None:
        """What the same person says of it later belongs to the case, and draws nothing."""
        who, room_id = heard.person.identity_id, None if heard.room is None else heard.room.id
        hold = self.sops.community.complaints.hold
        if cases.has_open_case(tx, who, room_id, heard.occurred_at, hold):
            return
        case = cases.open_case(tx, who, room_id, heard.id, heard.occurred_at)
        record(tx, self.account, "complaint_raised", case, heard)
        self._alert(tx, case, heard)
        if not heard.late:
            failures.attempt(tx, "the answer to a complaint", lambda: self._answer(tx, heard), cause=heard.id)

    def _alert(self, tx: Transaction, case: Case, heard: Heard) -> None:
        where = "私聊" if heard.room is None else heard.room.key
        who = f"M{heard.person.number} {harmless_name(heard.person.name)}"
        held = "" if heard.room is None else "，在那之前群里的帖子先等着"
        words = f"投诉{case.number}｜{where}｜{who}：“{harmless(heard.text, EXCERPT)}”"
        operators.alert(
            tx,
            self.sops.community.operators,
            self.account,
            f"{words}\n请马上去回。处理好了发 /已处理 {case.number}{held}。",
            f"complaint:{case.id}",
            quotes=[heard.id],
            cause_id=heard.id,
        )

    def _answer(self, tx: Transaction, heard: Heard) -> None:
        """One line, to each person one a day and place."""
        community = self.sops.community
        words = ComplaintWords(community.name, community.bot.name)
        day = heard.occurred_at.astimezone(community.zone).date()
        place = "private" if heard.room is None else heard.room.id
        post = Post(
            parts=[text(self.sops.templates.render(community.complaints.template, words))],
            intent=Intent.REPLY,
            priority=Priority.REPLY,
            dedupe_key=f"complaint:{place}:{heard.person.identity_id}:{day}",
            room_id=None if heard.room is None else heard.room.id,
            identity_id=heard.person.identity_id if heard.room is None else None,
            answers_at=heard.occurred_at,
            expires_at=tx.now + ANSWER_WITHIN,
            cause_id=heard.id,
        )
        enqueue(tx, self.account, post)


def record(tx: Transaction, account: str, name: str, case: Case, heard: Heard, by: str = "member") -> None:
    """Record what became of a case by the message ``heard``."""
    row = log.entry(
        tx,
        f"complaint:{account}",
        str(case.number),
        name,
        heard.occurred_at,
        identity_id=heard.person.identity_id,
        actor_role=by,
        room_id=case.room_id,
        channel="dm" if case.room_id is None else "group",
        object_type="complaint",
        object_id=str(case.number),
        parent_event_id=heard.id,
    )
    log.append(tx, [row])
