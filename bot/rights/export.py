"""Everything that is held about a person, as a file: one JSON, and a CSV for each table."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Table, or_, select

from bot.people.merging import one_with
from bot.store.columns import metadata
from bot.store.rights import erasure, export_file
from bot.store.tables import (
    brake,
    consent,
    identity,
    identity_log,
    interaction,
    media,
    member,
    offer,
    outgoing,
    restraint,
    room,
    run,
    texts,
)

Rows = list[dict[str, Any]]
EXPORTED = "data_exported"
"""That it was taken out is on record."""
_OTHERWISE = {
    it.name
    for it in (brake, erasure, export_file, identity, interaction, member, offer, outgoing, restraint, run)
}
"""What is told in a form of its own, or is nothing that is held about somebody."""
_NOTED = "member_noted"
_WORDS = {
    "说明": "这是我们保存的和您有关的内容。时间按社群的时区写；手机号只有认不回号码的记号。",
    "怎么改": "想改、想删，私聊机器人发“忘记我”，或者找管理员。",
}


def collect(connection: Connection, member_id: int, zone: ZoneInfo) -> dict[str, Rows]:
    """By table; a table of a later day is in it as soon as it names members or accounts."""
    accounts = connection.execute(select(identity).where(identity.c.member_id == member_id)).all()
    ids = [row.id for row in accounts]
    found: dict[str, Rows] = {
        "member": _rows(connection, member, one_with(member.c.id, member_id)),
        "identity": [_account(row) for row in accounts],
        "interaction": _acts(connection, ids),
        "message_to_you": _messages(connection, ids),
        "run": _runs(connection, ids),
        "media": _pictures(connection, ids),
    }
    for table in metadata.sorted_tables:
        whose = None if table.name in _OTHERWISE else _whose(table, member_id, ids)
        if whose is not None and table.name not in found:
            found[table.name] = _rows(connection, table, whose)
    return {name: [_told(row, zone) for row in rows] for name, rows in found.items() if rows}


def _whose(table: Table, member_id: int, ids: Sequence[int]) -> Any:
    """Which of its rows are about them; None: none says about whom it is."""
    about = []
    if "member_id" in table.c:
        about.append(one_with(table.c.member_id, member_id))
    if "identity_id" in table.c:
        about.append(table.c.identity_id.in_(ids))
    if table is identity_log:
        about += [one_with(table.c.from_id, member_id), one_with(table.c.to_id, member_id)]
    return or_(*about) if about else None


def _rows(connection: Connection, table: Table, whose: Any) -> Rows:
    return [dict(row._mapping) for row in connection.execute(select(table).where(whose))]


def _account(row: Row[Any]) -> dict[str, Any]:
    """The hash of a phone tells nobody anything but that there is one."""
    known = {"id": row.id, "source": row.source, "external_id": row.external_id, "name": row.name}
    return known | {"phone": "有" if row.phone or row.source == "phone" else ""}


def _acts(connection: Connection, ids: Sequence[int]) -> Rows:
    """What they did, with the words as far as they are kept; and what was noted about them."""
    i = interaction.c
    noted = i.target_identity_id.in_(ids) & (i.name == _NOTED)
    joined = interaction.outerjoin(texts, texts.c.id == i.text_id).outerjoin(room, room.c.id == i.room_id)
    query = (
        select(i.id, i.occurred_at, i.name, room.c.key.label("room"), i.channel, i.source, i.object_type)
        .add_columns(i.object_id, i.amount_cents, i.value_int, i.media_count, i.initiated_by, i.props)
        .add_columns(texts.c.body.label("text"))
        .select_from(joined)
        .where(i.identity_id.in_(ids) | noted)
    )
    return [dict(row._mapping) for row in connection.execute(query.order_by(i.id))]


def _messages(connection: Connection, ids: Sequence[int]) -> Rows:
    query = select(outgoing).where(outgoing.c.identity_id.in_(ids), outgoing.c.room_id.is_(None))
    return [
        {"at": row.sending_at, "state": row.state, "text": row.payload.get("text", "")}
        for row in connection.execute(query.order_by(outgoing.c.id))
    ]


def _runs(connection: Connection, ids: Sequence[int]) -> Rows:
    query = select(run).where(run.c.identity_id.in_(ids)).order_by(run.c.id)
    return [
        {"sop": row.sop_id, "opened_at": row.opened_at, "closed_at": row.closed_at, "state": row.state}
        for row in connection.execute(query)
    ]


def _pictures(connection: Connection, ids: Sequence[int]) -> Rows:
    mine = select(interaction.c.id).where(interaction.c.identity_id.in_(ids))
    query = select(media.c.interaction_id, media.c.state, media.c.hash, media.c.bytes, media.c.keep_until)
    return [dict(row._mapping) for row in connection.execute(query.where(media.c.interaction_id.in_(mine)))]


def _told(row: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        name: it.astimezone(zone).isoformat(timespec="seconds") if isinstance(it, datetime) else it
        for name, it in row.items()
    }


# --- as a file ---


def as_json(found: Mapping[str, Rows]) -> str:
    return json.dumps({**_WORDS, **found}, ensure_ascii=False, indent=1)


def as_zip(found: Mapping[str, Rows]) -> bytes:
    """``data.json`` with everything, and each table as a CSV that a spreadsheet opens."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [("data.json", as_json(found)), *((f"{it}.csv", _csv(found[it])) for it in found)]:
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _csv(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: as_cell(it) for name, it in row.items()})
    return "\ufeff" + out.getvalue()


def as_cell(value: Any) -> Any:
    """No cell is a formula."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def summary(found: Mapping[str, Rows]) -> str:
    """What is in it, for a phone."""
    acts, tags, decisions = (len(found.get(name, ())) for name in ("interaction", "tag", consent.name))
    orders = sum(it["amount_cents"] is not None for it in found.get("interaction", ()))
    return f"记录{acts}条（订单{orders}条）、标签{tags}个、同意和拒绝{decisions}条"
