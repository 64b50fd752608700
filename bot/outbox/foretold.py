"""What the guard would say from now on, asked again and again by today's record: of a message that waits, did
not leave, or is not queued yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.outbox import guard
from bot.outbox.ledger import Asked, candidate, ledger
from bot.outbox.queue import Post, drafted
from bot.outbox.rules import Hold, Refuse, Rule, Rules
from bot.store.transaction import Transaction

MOST_HOLDS = 30
"""Rules that hold it one after the other; past that nobody can tell."""


@dataclass(frozen=True, slots=True)
class Held:
    """By which rule; ``until`` None: it may never leave, or not before a human says so."""

    rule: Rule
    until: datetime | None

    def outlives(self, post: Post) -> bool:
        """Whether the post is not wanted any more by then."""
        return self.until is None or (post.expires_at is not None and self.until > post.expires_at)


def holds(tx: Transaction, row: Asked, rules: Rules) -> Iterator[Held]:
    """What keeps it from leaving, one rule after the other, if nothing else is sent until then; nothing more
    once it may leave."""
    message = candidate(row, rules)
    known, moment = ledger(tx, row, message), tx.now
    for _ in range(MOST_HOLDS):
        match guard.decide(message, known, rules, moment):
            case Refuse(rule=rule):
                yield Held(rule, None)
                return
            case Hold(rule=rule) if rule in known.restraints and known.restraints[rule] is None:
                yield Held(rule, None)
                return
            case Hold(rule=rule, until=until):
                yield Held(rule, until)
                moment = until
                in_force = {rule: end for rule, end in known.restraints.items() if end is None or end > until}
                known = replace(known, restraints=in_force)
            case _:
                return


def earliest(tx: Transaction, row: Asked, rules: Rules) -> datetime | Rule | None:
    """The first moment from now on at which the guard lets it pass.

    Or the rule that never does, or not before a human says so; None: that cannot be told.
    """
    held = list(holds(tx, row, rules))
    if not held:
        return tx.now
    last = held[-1]
    if last.until is None:
        return last.rule
    return last.until if len(held) < MOST_HOLDS else None


def foretell(tx: Transaction, account: str, post: Post, rules: Rules) -> Held | None:
    """The rule that would hold ``post`` longest, and when it may leave; None: now."""
    held = list(holds(tx, drafted(tx, account, post), rules))
    if not held or held[-1].until is None:
        return held[-1] if held else None
    moments = [tx.now, *(it.until for it in held if it.until is not None)]
    longest = max(range(len(held)), key=lambda n: moments[n + 1] - moments[n])
    return Held(held[longest].rule, moments[-1])
