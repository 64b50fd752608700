"""Errors that stay small: what failed is undone to its savepoint and written down; the rest goes on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from bot.errors import BotError, StoreError
from bot.store.session import is_passing
from bot.store.tables import failure
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)


def attempt(
    tx: Transaction,
    place: str,
    do: Callable[[], None],
    *,
    cause: int | None = None,
    sop_id: str | None = None,
) -> bool:
    """Do it in a savepoint; False if it failed, and left nothing but the record of its failure.

    A database that is locked, full or damaged is no failure of what was tried: it fails the transaction.
    """
    try:
        with tx.savepoint():
            do()
    except StoreError:
        raise
    except Exception as error:
        if isinstance(error, OperationalError) and is_passing(error):
            raise
        record(tx, place, error, cause=cause, sop_id=sop_id)
        return False
    return True


def without_words(error: BaseException) -> str:
    """The kind of an error and where it arose, without its text, which may quote a member."""
    return f"{type(error).__name__}\n" + "".join(traceback.format_tb(error.__traceback__))


def record(
    tx: Transaction, place: str, error: BaseException, *, cause: int | None = None, sop_id: str | None = None
) -> None:
    """Write an error down with its traceback, but only our own errors' text: another's may quote a member."""
    name, _, trace = without_words(error).partition("\n")
    logger.error("failed: %s: %s", place, name, extra={"trace": trace})
    row = {
        "id": tx.new_id(),
        "at": tx.now,
        "place": place,
        "error": f"{name}: {error}" if isinstance(error, BotError) else name,
        "traceback": trace,
        "interaction_id": cause,
        "sop_id": sop_id,
    }
    tx.connection.execute(insert(failure).values(row))
