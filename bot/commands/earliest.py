"""When a message that did not leave could leave, asked of the guard again by what is on record today."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.outbox import guard
from bot.outbox.ledger import candidate, ledger
from bot.outbox.queue import AnyRow
from bot.outbox.rules import Hold, Refuse, Rule, Rules, Send
from bot.store.transaction import Transaction

MOST_HOLDS = 30
"""Rules that hold it one after the other; past that nobody can tell."""


def earliest(tx: Transaction, row: AnyRow, rules: Rules) -> datetime | Rule | None:
    """The first moment from now on at which the guard lets it pass, if nothing else is sent until then.

    Or the rule that never does, or not before a human says so; None: that cannot be told.
    """
    message = candidate(row, rules)
    known = ledger(tx, row, message)
    moment = tx.now
    for _ in range(MOST_HOLDS):
        match guard.decide(message, known, rules, moment):
            case Send():
                return moment
            case Refuse(rule=rule):
                return rule
            case Hold(rule=rule) if rule in known.restraints and known.restraints[rule] is None:
                return rule
            case Hold(until=until):
                moment = until
                in_force = {rule: end for rule, end in known.restraints.items() if end is None or end > until}
                known = replace(known, restraints=in_force)
    return None
