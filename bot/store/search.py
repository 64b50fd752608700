"""Finding Chinese texts again: words as ``rjieba`` cuts them, in FTS5 on SQLite and tsvector on PostgreSQL.

A document is what somebody may look for: its words, apart from the text itself, which stays where it is kept.
Its words go when the text goes (``keep_until``), or when it is forgotten; the index follows by triggers. FTS5
only marks what is deleted: its words leave the file when its parts are merged, which is done each time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DDL, BindParameter, ColumnElement, Connection, Delete, bindparam, delete, event, text
from sqlalchemy.schema import ExecutableDDLElement

from bot.store.quick import once
from bot.store.session import insert_new
from bot.store.tables import document
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

LONGEST, MOST_WORDS = 2_000, 40
"""Characters of a text that are cut into words, and words of a query that are looked for."""
_UNSAID = frozenset("的了吗呢啊吧呀是有在和就都也我你您他她它们这那要能会") | {"怎么", "什么", "可以", "请问"}
_PLAIN = re.compile(r"[\w一-鿿]+")

SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS document_words USING fts5"
    "(words, content='document', content_rowid='id', tokenize='unicode61')",
    "CREATE TRIGGER IF NOT EXISTS document_added AFTER INSERT ON document BEGIN "
    "INSERT INTO document_words(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER IF NOT EXISTS document_removed AFTER DELETE ON document BEGIN "
    "INSERT INTO document_words(document_words, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER IF NOT EXISTS document_changed AFTER UPDATE ON document BEGIN "
    "INSERT INTO document_words(document_words, rowid, words) VALUES ('delete', old.id, old.words); "
    "INSERT INTO document_words(rowid, words) VALUES (new.id, new.words); END",
)
POSTGRESQL = (
    "CREATE INDEX IF NOT EXISTS ix_document_words ON document USING gin (to_tsvector('simple', words))",
)
for _dialect, _statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for _statement in _statements:
        _ddl: ExecutableDDLElement = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(document, "after_create", _ddl.execute_if(dialect=_dialect))

_ROOMS: BindParameter[Any] = bindparam("rooms", expanding=True)
_FIND_SQLITE = text(
    "SELECT d.id, d.object_id, -bm25(document_words) AS rank FROM document_words "
    "JOIN document d ON d.id = document_words.rowid "
    "WHERE document_words MATCH :query AND d.kind = :kind AND d.room_id IN :rooms "
    "ORDER BY rank DESC, d.id DESC LIMIT :most"
).bindparams(_ROOMS)
_FIND_POSTGRESQL = text(
    "SELECT d.id, d.object_id, "
    "ts_rank(to_tsvector('simple', d.words), websearch_to_tsquery('simple', :query)) AS rank FROM document d "
    "WHERE to_tsvector('simple', d.words) @@ websearch_to_tsquery('simple', :query) "
    "AND d.kind = :kind AND d.room_id IN :rooms "
    "ORDER BY rank DESC, d.id DESC LIMIT :most"
).bindparams(_ROOMS)
_MERGE = text("INSERT INTO document_words(document_words) VALUES ('optimize')")


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found; the higher ``rank`` the better it fits."""

    id: int
    object_id: str
    rank: float


def words_of(words: str) -> list[str]:
    """The words of a text that are worth looking for, in their order."""
    import rjieba  # its dictionary takes a moment and some memory, which most processes never need

    plain = unicodedata.normalize("NFKC", words[:LONGEST]).casefold()
    cut = rjieba.cut_for_search(plain, hmm=True)
    return [word for word in cut if _PLAIN.fullmatch(word) and word not in _UNSAID]


def put(
    tx: Transaction,
    id: int,
    kind: str,
    object_id: str,
    words: str,
    *,
    room_id: int,
    keep_until: datetime | None,
) -> None:
    """Have a text found, or found otherwise; ``id`` is the interaction that it came from."""
    row = {
        "id": id,
        "kind": kind,
        "object_id": object_id,
        "room_id": room_id,
        "words": " ".join(words_of(words)),
        "keep_until": keep_until,
    }
    forget(tx, id)
    insert_new(tx.connection, document, [row])


def forget(tx: Transaction, id: int) -> None:
    """Have a text found no more."""
    _delete(tx.connection, _OF, {"this": id})


def forget_all(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Have many texts found no more."""
    _delete(tx.connection, delete(document).where(which))


def purge(tx: Transaction) -> int:
    """Forget the texts whose time is over; gives how many."""
    return _delete(tx.connection, _OVER, {"now": tx.now})


_OF = once(delete(document).where(document.c.id == bindparam("this")))
_OVER = once(delete(document).where(document.c.keep_until <= bindparam("now", type_=UtcTime)))


def _delete(connection: Connection, what: Delete, given: Mapping[str, object] | None = None) -> int:
    deleted = connection.execute(what, given).rowcount
    if deleted and connection.dialect.name == "sqlite":
        connection.execute(_MERGE)
    return deleted


def find(
    connection: Connection, words: str, kind: str, rooms: Collection[int], *, most: int = 5
) -> list[Hit]:
    """The documents of these rooms that hold most of ``words``, the best first.

    Nothing in ``words`` is an operator.
    """
    wanted = list(dict.fromkeys(words_of(words)))[:MOST_WORDS]
    if not wanted:
        return []
    is_sqlite = connection.dialect.name == "sqlite"
    query = (" OR " if is_sqlite else " or ").join(f'"{word}"' for word in wanted)
    statement = _FIND_SQLITE if is_sqlite else _FIND_POSTGRESQL
    asked = {"query": query, "kind": kind, "rooms": list(rooms), "most": most}
    return [Hit(row[0], row[1], row[2]) for row in connection.execute(statement, asked)]
