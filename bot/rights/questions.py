"""What is left of a question whose asker is forgotten, or of one that they answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select

from bot.sop.kinds.qa_day import archive
from bot.sop.kinds.qa_day.board import PREFIX, Status
from bot.store import search
from bot.store.tables import document, run
from bot.store.transaction import Transaction


def is_one(scope: str) -> bool:
    return scope.startswith(PREFIX)


def withdrawn(state: dict[str, Any]) -> dict[str, Any]:
    """Nobody waits for its answer any more; its state holds numbers and moments, and no words."""
    return {**state, "status": Status.WITHDRAWN} if state["status"] == Status.OPEN else state


def touched(tx: Transaction, identities: Collection[int]) -> list[int]:
    """The questions of others that these people answered."""
    query = select(run.c.state).where(run.c.scope.startswith(PREFIX, autoescape=True))
    return [
        state["number"]
        for state in tx.connection.scalars(query)
        if any(answer["by"] in identities for answer in state["answers"])
    ]


def naming(tx: Transaction, names: Iterable[str]) -> list[int]:
    """The questions that were answered and may be found by one of ``names``."""
    found: set[str] = set()
    for words in filter(None, map(search.words_of, names)):
        bears = [document.c.words.contains(word, autoescape=True) for word in words]
        of_questions = select(document.c.object_id).where(document.c.kind == archive.KIND, *bears)
        found.update(tx.connection.scalars(of_questions))
    return sorted(map(int, found))


def note(tx: Transaction, numbers: Iterable[int]) -> None:
    """Have them found by the words that are left."""
    for number in numbers:
        archive.note(tx, number)
