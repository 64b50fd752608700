"""What the guard would say of a message that is not queued yet, by today's record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.outbox import guard
from bot.outbox.ledger import candidate, ledger
from bot.outbox.queue import Post, drafted
from bot.outbox.rules import Hold, Refuse, Rule, Rules
from bot.store.transaction import Transaction

_MOST_HOLDS = 20


@dataclass(frozen=True, slots=True)
class Held:
    """By the rule that holds it longest; ``until`` None: it may never leave."""

    rule: Rule
    until: datetime | None

    def outlives(self, post: Post) -> bool:
        """Whether the post is not wanted any more by then."""
        return self.until is None or (post.expires_at is not None and self.until > post.expires_at)


def foretell(tx: Transaction, account: str, post: Post, rules: Rules) -> Held | None:
    """What would keep ``post`` from leaving now, and until when; None: nothing."""
    row = drafted(tx, account, post)
    message = candidate(row, rules)
    before = ledger(tx, row, message)
    at, longest, rule = tx.now, timedelta(0), None
    for _ in range(_MOST_HOLDS):
        match guard.decide(message, before, rules, at):
            case Refuse(rule=never):
                return Held(never, None)
            case Hold(rule=this, until=until):
                longest, rule = max((longest, rule), (until - at, this), key=lambda it: it[0])
                at = until
            case _:
                break
    return None if rule is None else Held(rule, at)
