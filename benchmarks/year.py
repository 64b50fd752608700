"""A year of talk on record, written straight into the tables: a large community from the start."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from benchmarks.world import NOW, ROOMS

MEMBERS = 100_000
DAY = 86_400_000
YEAR = 365 * DAY
FIRST_ID = 10_000_000
"""Of identities and members."""
_NOW = int(NOW.timestamp() * 1000)

_PEOPLE = f"""
WITH RECURSIVE
    nth(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM nth WHERE n < {MEMBERS} - 1),
    place(which, id) AS (SELECT ROW_NUMBER() OVER (ORDER BY id) - 1, id FROM room)
INSERT INTO {{}} FROM nth JOIN place ON place.which = n % {ROOMS}
"""
_MEMBER = f"member (id, number, created_at) SELECT {FIRST_ID} + n, 10000 + n, {_NOW - YEAR}"
_IDENTITY = (
    "identity (id, source, external_id, member_id, name) "
    f"SELECT {FIRST_ID} + n, 'fake:bench', 'year-' || n, {FIRST_ID} + n, '会员' || n"
)
_MEMBERSHIP = (
    "membership (room_id, identity_id, alias, ordinal, joined_at) "
    f"SELECT place.id, {FIRST_ID} + n, '', 1, {_NOW - YEAR}"
)
# People come in threes of acts: some minutes of one evening. Every hundred rows have the same mixture.
_TALK = f"""
WITH RECURSIVE
    nth(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM nth WHERE n < :last - 1),
    act(n, who, at, kind) AS (
        SELECT n, n / 3 * 7919 % {MEMBERS},
            :until - (n / 3 * 48271 % (:span / 60000) * 60000 + n % 3 * 5000) % :span, n * 61 % 100
        FROM nth
    ),
    named(n, who, at, kind, name) AS (
        SELECT n, who, at, kind, CASE
            WHEN kind < 75 THEN 'message_posted' WHEN kind < 84 THEN 'presence_shown'
            WHEN kind < 88 THEN 'link_shared' WHEN kind < 91 THEN 'question_asked'
            WHEN kind < 95 THEN 'answer_given' WHEN kind < 97 THEN 'answer_thanked'
            ELSE 'ugc_submitted' END
        FROM act
    ),
    place(which, room) AS (SELECT ROW_NUMBER() OVER (ORDER BY id) - 1, id FROM room)
INSERT INTO interaction (id, source, source_id, name, schema_version, occurred_at, received_at, identity_id,
    actor_role, room_id, channel, initiated_by, target_identity_id, parent_event_id, text_id, text_len,
    media_count, props, is_test)
SELECT :base + n, 'fake:bench', 'year-' || n, name, 1, at, at, {FIRST_ID} + who, 'member',
    room, 'group', 'self',
    CASE name WHEN 'answer_thanked' THEN {FIRST_ID} + n * 31 % {MEMBERS} END,
    CASE WHEN kind >= 88 THEN :base + n - 1 END,
    CASE WHEN name = 'message_posted' AND at > :kept THEN :base + n END, 20, 0, '{{"kind":"text"}}', 0
FROM named JOIN place ON which = who % {ROOMS}
"""
_WORDS = """
INSERT INTO text (id, body, keep_until)
SELECT text_id, CASE id % 3
    WHEN 0 THEN '今天做了番茄牛腩，孩子说好吃，下次还做'
    WHEN 1 THEN '这批米煮粥特别香'
    ELSE '周末有人去农场吗，想带老人一起' END, occurred_at + 7776000000
FROM interaction WHERE text_id >= :first AND text_id < :last
"""
_POINTS = """
INSERT INTO score_entry (id, rule, event_id, identity_id, dimension, points, at, programme_id)
SELECT id + :count, name, id, identity_id, CASE name WHEN 'ugc_submitted' THEN '创作' WHEN 'question_asked'
    THEN '参与' ELSE '互助' END, 2, occurred_at, 'bench'
FROM interaction
WHERE id >= :first AND id < :last AND name IN ('question_asked', 'answer_given', 'ugc_submitted')
"""


def write_people(database: Path) -> None:
    _execute(database, *((_PEOPLE.format(rows), {}) for rows in (_MEMBER, _IDENTITY, _MEMBERSHIP)))


def write_talk(database: Path, first: int, last: int, span: int = YEAR) -> None:
    """The rows ``first`` to before ``last`` of the log, spread over the ``span`` milliseconds before NOW."""
    count = last - first
    base = _reserve(database, 2 * count) - first
    rows = {"first": base + first, "last": base + last, "count": count}
    when = {"until": _NOW - 1, "span": span, "kept": _NOW - 90 * DAY}
    talk = {"first": first, "last": last, "base": base, **when}
    _execute(database, (_TALK, talk), (_WORDS, rows), (_POINTS, rows))


def _reserve(database: Path, ids: int) -> int:
    """The first of so many ids, that the program will not give."""
    connection = sqlite3.connect(database)
    try:
        with connection:
            (first,) = connection.execute("SELECT next FROM id_block").fetchone()
            connection.execute("UPDATE id_block SET next = next + ?", [ids])
    finally:
        connection.close()
    return int(first)


def _execute(database: Path, *statements: tuple[str, dict[str, int]]) -> None:
    connection = sqlite3.connect(database)
    try:
        with connection:
            for statement, values in statements:
                connection.execute(statement, values)
    finally:
        connection.close()
