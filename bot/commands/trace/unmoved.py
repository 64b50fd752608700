"""Why a SOP did nothing about an event: nothing is stored for that, so it is judged by today's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Row, select

from bot import naming
from bot.commands.wording import at_day
from bot.events import Chat, Media, MessageKind, MessageReceived, Quote
from bot.events import Person as PersonSeen
from bot.outbox import restraints
from bot.people.directory import Person, Room
from bot.sop import reach
from bot.sop.index import Index, is_for, on_heard
from bot.sop.kind import Kind, OnFriend, OnHashtag, OnHeard, OnJoin, OnWords
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.occasion import LATE, Heard
from bot.store.tables import run
from bot.store.transaction import Transaction

AnyRow = Row[*tuple[Any, ...]]
MOST_WORDS = 2
OFF = "停用着（enabled: false）"


@dataclass(frozen=True, slots=True)
class Unmoved:
    """A SOP of the event's room that did nothing, and the reason in Chinese; ``near``: it was asked."""

    sop: str
    name: str
    reason: str
    near: bool


@dataclass(frozen=True)
class Judge:
    """Asks today's SOPs about an event; ``moved`` are the ids of those that did something."""

    tx: Transaction
    sops: SopSet
    account: str
    event: AnyRow
    moved: frozenset[str]

    def unmoved(self) -> Iterator[Unmoved]:
        paused = restraints.paused(self.tx, self.account)
        asked = self._asked()
        for sop in self.sops.declared.values():
            if sop.id in self.moved or not self._is_here(sop):
                continue
            reason = self._reason(sop, asked)
            if reason:
                also = "；它现在暂停着" if sop.id in paused else ""
                yield Unmoved(sop.id, sop.name, f"{reason}{also}", self._is_near(sop, asked))

    def _is_here(self, sop: Sop) -> bool:
        key = self.event.room_key
        return is_for(sop, key) if key is not None else self._has(sop, OnHeard) or self._has(sop, OnFriend)

    def _has(self, sop: Sop, *occasions: type) -> bool:
        return any(isinstance(it, occasions) for it in self._kind(sop).behaviours)

    def _kind(self, sop: Sop) -> Kind:
        return self.sops.kind_of(sop)

    def _is_near(self, sop: Sop, asked: Mapping[str, str]) -> bool:
        return sop.id in asked or any(map(self._listened, self._runs(sop.id)))

    # --- one SOP ---

    def _reason(self, sop: Sop, asked: Mapping[str, str]) -> str:
        """Empty: it minds nothing of this sort."""
        if not sop.enabled:
            return OFF
        match self.event.name:
            case "member_joined":
                return self._beyond(sop) or "问过它，它没接" if self._has(sop, OnJoin) else ""
            case "friend_made":
                return self._beyond(sop) or "问过它，它没接" if self._has(sop, OnFriend) else ""
        if not self._has(sop, OnHeard, OnHashtag, OnWords):
            return ""
        if sop.id in asked:
            return self._though_asked(sop, asked)
        return self._not_called(sop)

    def _though_asked(self, sop: Sop, asked: Mapping[str, str]) -> str:
        first = next((it for it in asked if it in self.moved), None)
        before = first is not None and list(asked).index(first) < list(asked).index(sop.id)
        if first is not None and before:
            return f"多半先被“{self.sops.declared[first].name}”接走了"
        return self._beyond(sop) or self._own(sop) or f"{asked[sop.id]}，问过它，它没接"

    def _beyond(self, sop: Sop) -> str:
        """Whether it is for others, and so was not asked."""
        member_id = self.event.member_id
        if member_id in reach.reached(self.tx, self.sops, sop, [member_id]):
            return ""
        return f"它只对“{sop.audience}”这群人，里面没有这位"

    def _own(self, sop: Sop) -> str:
        """What its kind can say of it."""
        why = self._kind(sop).unmoved_by
        if why is None or self._is_forgotten:
            return ""
        return why(sop, self.heard, self.sops.community.zone)

    @property
    def _is_forgotten(self) -> bool:
        """Whether it had words that are not kept any more."""
        return self.event.body is None and self.event.text_len > 0

    def _not_called(self, sop: Sop) -> str:
        parts = [self._unsaid(sop), self._unlistened(sop)]
        return "，".join(part for part in parts if part) or "不接这种话"

    def _unsaid(self, sop: Sop) -> str:
        """Which hashtags and words would have called it."""
        if self.event.room_key is None:
            return ""
        tags, words = self._calls(sop)
        named = [*(f"#{tag}" for tag in tags), *words]
        if named and self._is_forgotten:
            return "原话已经删了，有没有它的词看不出来了"
        more = "等" if len(named) > MOST_WORDS else ""
        return f"没提到{'、'.join(named[:MOST_WORDS])}{more}" if named else ""

    def _calls(self, sop: Sop) -> tuple[list[str], list[str]]:
        behaviours = self._kind(sop).behaviours
        tags = [tag for it in behaviours if isinstance(it, OnHashtag) for tag in it.tags(sop)]
        words = [word for it in behaviours if isinstance(it, OnWords) for word in it.words(sop)]
        return tags, words

    def _unlistened(self, sop: Sop) -> str:
        """Why no run of it listened."""
        on = on_heard(self._kind(sop))
        if on is None:
            return ""
        runs = self._runs(sop.id)
        if any(self._listened(it) for it in runs):
            return self._own(sop) or ("它在听" if self._is_forgotten else "它在听，但不接这样的话")
        over = max((ends for it in runs if (ends := _ends(it)) < self.event.occurred_at), default=None)
        if over is not None:
            return f"它只听到{at_day(over, self.sops.community.zone)}"
        return "它后来才开始听" if runs else "它没有在听" if self.event.room_key else "没有在等这位回话"

    # --- who was asked ---

    def _asked(self) -> dict[str, str]:
        """The SOPs that are asked about such a message, in their order, each with what called it."""
        if self.event.name not in naming.NAMES:
            return {}
        index, room = Index(self.sops), self.heard.room
        sops = self.sops.sops.values()
        listening = [(it.id, of) for it in sops for of in self._runs(it.id) if self._hears(it, of)]
        called = [(it.sop.id, "带了它的标签") for it in index.tagged(self.heard.text, room)]
        called += [(sop_id, "它在听") for sop_id, it in listening if it.identity_id is not None]
        called += [(it.sop.id, "提到了它的词") for it in index.worded(self.heard.text, room)]
        called += [(sop_id, "它在听") for sop_id, _ in listening]
        asked: dict[str, str] = {}
        for sop_id, by in called:
            asked.setdefault(sop_id, by)
        return asked

    def _hears(self, sop: Sop, it: AnyRow) -> bool:
        on = on_heard(self._kind(sop))
        return on is not None and self._listened(it) and on.minds(sop, self.heard)

    def _runs(self, sop_id: str) -> Sequence[AnyRow]:
        """The runs that ever listened here to this person, or to everybody."""
        return self._runs_here.get(sop_id, ())

    @cached_property
    def _runs_here(self) -> Mapping[str, list[AnyRow]]:
        mine = run.c.identity_id.is_(None) | (run.c.identity_id == self.event.identity_id)
        here = run.c.room_id.is_not_distinct_from(self.event.room_id) & run.c.listens_until.is_not(None)
        columns = (run.c.sop_id, run.c.identity_id, run.c.opened_at, run.c.listens_until, run.c.closed_at)
        found: dict[str, list[AnyRow]] = {}
        for row in self.tx.connection.execute(select(*columns).where(mine, here).order_by(run.c.id)):
            found.setdefault(row.sop_id, []).append(row)
        return found

    def _listened(self, it: AnyRow) -> bool:
        """Whether a run had begun by then, and was not over."""
        return bool(it.opened_at < self.event.received_at and self.event.occurred_at <= _ends(it))

    @cached_property
    def heard(self) -> Heard:
        """The event as SOPs would hear it, as far as it is kept."""
        e = self.event
        who = Person(e.identity_id, e.member_id, e.number, e.called)
        room = None if e.room_id is None else Room(e.room_id, e.room_key, "", e.disabled_at is None)
        late = e.received_at - e.occurred_at > LATE
        return Heard(e.id, _message(e), who, room, e.occurred_at, late, e.actor_role)


def _ends(it: AnyRow) -> datetime:
    ends: datetime = it.listens_until if it.closed_at is None else min(it.listens_until, it.closed_at)
    return ends


def _message(e: AnyRow) -> MessageReceived:
    return MessageReceived(
        e.source_id,
        PersonSeen(str(e.identity_id), e.called),
        e.occurred_at,
        kind=MessageKind(e.props.get("kind", MessageKind.TEXT)),
        chat=None if e.room_id is None else Chat(str(e.room_id), e.room_key or ""),
        text=e.body or "",
        quote=Quote("", "", "") if e.props.get("quote") else None,
        media=tuple(Media("") for _ in range(e.media_count)),
    )
