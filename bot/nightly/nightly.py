"""When the night's work is due, and its steps in their order."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select

from bot.nightly import refresh
from bot.nightly.reviewing import Reviewed, reviewed, settle
from bot.scoring import days
from bot.scoring.rules import Scoring
from bot.sop.loader import SopSet
from bot.store.figures import progress
from bot.store.session import upsert
from bot.store.transaction import Errand, Reader, Transaction

logger = logging.getLogger(__name__)

HOUR = timedelta(hours=4)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Nightly:
    """The night's work of one account, by one set of SOPs."""

    account: str
    sops: SopSet

    def start(self, tx: Transaction) -> None:
        """The first night is the coming one; until then there is nothing to look back on."""
        if self._progress(tx) is None:
            self._note(tx, upto=0, day=self._today(tx.now), rules="")

    def next_due(self, tx: Transaction) -> datetime | None:
        row = self._progress(tx)
        return None if row is None else days.begin(row[1] + 1, self.sops.community.zone) + HOUR

    def tick(self, tx: Transaction) -> None:
        """Begin the night's work if it is due. By rules that have mistakes nobody's level moves."""
        due, row, scoring = self.next_due(tx), self._progress(tx), self.sops.scoring
        if due is None or row is None or due > tx.now:
            return
        upto, _, rules = row
        today = self._today(tx.now)
        self._note(tx, upto=upto, day=today, rules=rules)
        if scoring is None:
            logger.error("scoring.yaml has mistakes, so no figures are made tonight")
            return
        if tx.reader is not None:
            after = upto if rules == fingerprint(scoring) else None
            tx.errands.append(_Night(self, scoring, today, tx.new_id(), after).read(tx.reader))

    def _today(self, now: datetime) -> int:
        """The day whose 04:00 was last."""
        return days.number(now - HOUR, self.sops.community.zone)

    def _progress(self, tx: Transaction) -> tuple[int, int, str] | None:
        query = select(progress.c.upto, progress.c.day, progress.c.rules)
        row = tx.connection.execute(query.where(progress.c.account == self.account)).first()
        return None if row is None else (row[0], row[1], row[2])

    def _note(self, tx: Transaction, *, upto: int, day: int, rules: str) -> None:
        row = {"account": self.account, "upto": upto, "day": day, "rules": rules}
        upsert(tx.connection, progress, [row], ["account"])

    def done(self, tx: Transaction, upto: int, scoring: Scoring, day: int) -> None:
        """All that was on record before the id ``upto`` is in the figures."""
        self._note(tx, upto=upto, day=day, rules=fingerprint(scoring))


def fingerprint(scoring: Scoring) -> str:
    """Tells apart the rules that make a day's points: by others, every day is worked out anew."""
    weights = [(name, float(it.points), it.a_day, it.dimension) for name, it in scoring.weights.items()]
    of_days = (float(scoring.prompted), sorted(weights), sorted(scoring.rewards.items()))
    return hashlib.sha256(repr(of_days).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Night:
    """One night: ``after`` is the id behind which the log is new, None: all of it is read."""

    nightly: Nightly
    scoring: Scoring
    today: int
    upto: int
    after: int | None

    def read(self, reader: Reader) -> Errand[object]:
        """Read the log and write its days, a part after the other; then look at the levels."""
        zone = self.nightly.sops.community.zone
        parts = refresh.parts(reader, self.scoring, zone, self.after)

        def finish(tx: Transaction) -> None:
            self.nightly.done(tx, self.upto, self.scoring, self.today)
            tx.errands.append(self.review(reader))

        return _in_turn("nightly figures", parts, refresh.write, finish)

    def review(self, reader: Reader) -> Errand[object]:
        zone = self.nightly.sops.community.zone

        def write(tx: Transaction, found: list[Reviewed]) -> None:
            settle(tx, self.nightly.account, self.nightly.sops, self.scoring, self.today, found)

        found = reviewed(reader, self.scoring, zone, self.today)
        return _in_turn("nightly levels", found, write, lambda tx: None)


_OVER, _BROKEN = object(), object()


def _in_turn(
    place: str,
    parts: Iterator[T],
    write: refresh.Write[T],
    finish: refresh.Finish,
) -> Errand[object]:
    """Read the next of ``parts`` beside, write it, and go on; what failed ends the night's work."""

    def then(tx: Transaction, part: object) -> None:
        if part is _OVER:
            finish(tx)
        elif part is not _BROKEN:
            write(tx, part)  # type: ignore[arg-type]
            tx.errands.append(_in_turn(place, parts, write, finish))

    return Errand(place, lambda: next(parts, _OVER), then, otherwise=_BROKEN)
