"""When the night's work is due, and its steps in their order."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import bindparam, select, update

from bot.nightly import rolling
from bot.nightly.activating import Activating
from bot.nightly.apart import Apart
from bot.nightly.refresh import Finish, Write, parts, write
from bot.nightly.reviewing import Look, look_at_all
from bot.nightly.rolling import Rolling
from bot.nightly.tagging import Inferring
from bot.scoring import daybook, days, hits, spending
from bot.scoring.rules import Scoring
from bot.scoring.tag_rules import Tagging
from bot.sop.loader import SopSet
from bot.store.figures import progress
from bot.store.quick import once
from bot.store.session import upsert
from bot.store.transaction import Errand, Reader, Transaction

logger = logging.getLogger(__name__)

HOUR = timedelta(hours=4)
NONE_YET = ""
"""In the place of the rules, before the first night."""
T = TypeVar("T")


class Where(Protocol):
    """Has something read, in another process or here; gives its parts one after the other."""

    def __call__(self, read: Callable[[], Iterator[T]], /) -> Iterator[T]: ...


def _here(read: Callable[[], Iterator[T]]) -> Iterator[T]:
    return read()


class _Progress(NamedTuple):
    """How far the nights got: the log up to an id, on which day, by which rules."""

    upto: int
    day: int
    rules: str


_PROGRESS = once(
    select(progress.c.upto, progress.c.day, progress.c.rules).where(progress.c.account == bindparam("mine"))
)


@dataclass(frozen=True, slots=True)
class Nightly:
    """The night's work of one account, by one set of SOPs."""

    account: str
    sops: SopSet

    def start(self, tx: Transaction) -> None:
        """The first night is the coming one; until then there is nothing to look back on."""
        if self._progress(tx) is None:
            self._note(tx, _Progress(0, self._today(tx.now), NONE_YET))

    def next_due(self, tx: Transaction) -> datetime | None:
        before = self._progress(tx)
        return None if before is None else self._after(before)

    def is_due(self, tx: Transaction) -> bool:
        due = self.next_due(tx)
        return due is not None and due <= tx.now

    def tick(self, tx: Transaction) -> None:
        """Begin the night's work if it is due. By rules that have mistakes nobody's level moves, and of what
        was before the first night nobody hears."""
        before, scoring = self._progress(tx), self.sops.scoring
        if before is None or self._after(before) > tx.now:
            return
        today = self._today(tx.now)
        self._note(tx, before._replace(day=today))
        if scoring is None:
            logger.error("scoring.yaml has mistakes, so no figures are made tonight")
        elif tx.reader is not None:
            look = Look(self.account, self.sops, scoring, today, tells=before.rules != NONE_YET)
            after = before.upto if before.rules == fingerprint(scoring) else None
            night = _Night(self, look, tx.new_id(), after, tx.reader, Apart() if tx.apart else _here)
            tx.errands.append(night.read())

    def _after(self, before: _Progress) -> datetime:
        return days.begin(before.day + 1, self.sops.community.zone) + HOUR

    def _today(self, now: datetime) -> int:
        """The day whose 04:00 was last."""
        return days.number(now - HOUR, self.sops.community.zone)

    def _progress(self, tx: Transaction) -> _Progress | None:
        row = tx.connection.execute(_PROGRESS, {"mine": self.account}).first()
        return None if row is None else _Progress(*row)

    def _note(self, tx: Transaction, now: _Progress) -> None:
        upsert(tx.connection, progress, [{"account": self.account, **now._asdict()}], ["account"])

    def done(self, tx: Transaction, upto: int, look: Look) -> None:
        """All that was on record before the id ``upto`` is in the figures."""
        self._note(tx, _Progress(upto, look.today, fingerprint(look.scoring)))

    def tagged_upto(self, tx: Transaction, rules: Tagging) -> int | None:
        """The id behind which the log is new to the tags; None: all of it is, by these rules."""
        query = select(progress.c.tags_upto, progress.c.tags_rules)
        row = tx.connection.execute(query.where(progress.c.account == self.account)).one()
        return row.tags_upto if row.tags_rules == rolling.fingerprint(rules) else None

    def tagged(self, tx: Transaction, upto: int, rules: Tagging) -> None:
        now = {"tags_upto": upto, "tags_rules": rolling.fingerprint(rules)}
        tx.connection.execute(update(progress).where(progress.c.account == self.account).values(now))


def fingerprint(scoring: Scoring) -> str:
    """Tells apart the rules that make a day's points: by others, every day is worked out anew."""
    weights = [(name, float(it.points), it.a_day, it.dimension) for name, it in scoring.weights.items()]
    of_days = (daybook.VERSION, float(scoring.prompted), sorted(weights), sorted(scoring.rewards.items()))
    return hashlib.sha256(repr(of_days).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Night:
    """One night: ``after`` is the id behind which the log is new, None: all of it is read."""

    nightly: Nightly
    look: Look
    upto: int
    after: int | None
    reader: Reader
    where: Where

    def read(self) -> Errand[object]:
        """Read the log and write its days, a part after the other; then look at the levels."""
        scoring, zone = self.look.scoring, self.nightly.sops.community.zone

        def finish(tx: Transaction) -> None:
            self.nightly.done(tx, self.upto, self.look)
            found = self.where(partial(look_at_all, self.reader, scoring, zone, self.look.today))
            tx.errands.append(_in_turn("nightly levels", found, self.look.settle, self._grant(tx.now)))

        changed = self.where(partial(parts, self.reader, scoring, zone, self.after))
        return _in_turn("nightly figures", changed, write, finish)

    def _grant(self, now: datetime) -> Finish:
        """After the levels: what members spend, and then their benefits, which go by both."""
        granting = self.look.granting

        def benefits(tx: Transaction) -> None:
            due = self.where(partial(granting.at_all, self.reader))
            tx.errands.append(_in_turn("nightly benefits", due, granting.settle, self._tag))

        def spent(tx: Transaction) -> None:
            changed = self.where(partial(granting.spent, self.reader, now))
            tx.errands.append(_in_turn("nightly spending", changed, spending.put, benefits))

        return spent

    def _tag(self, tx: Transaction) -> None:
        """What is new of what tags are made of, and then the tags."""
        sops, zone, today = self.nightly.sops, self.nightly.sops.community.zone, self.look.today
        rules = sops.tagging
        if rules is None:
            logger.error("tags.yaml has mistakes, so no tags are made tonight")
            self._activate(tx)
            return
        since = today - sops.community.privacy.keep_days + 1
        rolled = Rolling(rules, zone, since, today)
        roles = sops.community.roles
        inferring = Inferring(self.nightly.account, roles, rules, self.look.scoring, zone, today)

        def infer(tx: Transaction) -> None:
            self.nightly.tagged(tx, self.upto, rules)
            changes = self.where(partial(inferring.changes, self.reader))
            tx.errands.append(_in_turn("nightly tags", changes, inferring.settle, self._activate))

        new = self.where(partial(rolled.parts, self.reader, self.nightly.tagged_upto(tx, rules)))
        tx.errands.append(_in_turn("nightly hits", new, hits.write, infer))

    def _activate(self, tx: Transaction) -> None:
        """After the levels, because what it gives is for the figures of the next night."""
        community = self.nightly.sops.community
        activating = Activating(community.roles, self.look.scoring, community.zone)
        due = self.where(partial(activating.found, self.reader))
        tx.errands.append(_in_turn("nightly referrals", due, activating.settle, self._keep))

    def _keep(self, tx: Transaction) -> None:
        """What the baseline month came to, once it is over."""
        from bot.reporting import baseline  # here, because a start should not wait for what only nights need
        from bot.reporting.asked import Terms

        terms = Terms.of(self.nightly.sops)
        month = self.where(partial(baseline.unkept, self.reader, terms, days.day_of(self.look.today)))
        tx.errands.append(_in_turn("nightly baseline", month, baseline.keep, lambda tx: None))


_OVER, _BROKEN = object(), object()


def _in_turn(
    place: str,
    parts: Iterator[T],
    write: Write[T],
    finish: Finish,
) -> Errand[object]:
    """Read the next of ``parts`` beside, write it, and go on; what failed ends the night's work."""

    def then(tx: Transaction, part: object) -> None:
        if part is _OVER:
            finish(tx)
        elif part is not _BROKEN:
            write(tx, part)  # type: ignore[arg-type]
            tx.errands.append(_in_turn(place, parts, write, finish))

    return Errand(place, lambda: next(parts, _OVER), then, otherwise=_BROKEN)
