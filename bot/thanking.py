"""Lists of whom to thank, drawn up at the command line: who is new on one, and all of it as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.commands.thanks import SAID, told
from bot.people import thanks
from bot.people.thanks import State
from bot.rights.export import as_cell
from bot.scoring.kpi.period import enabled_rooms
from bot.scoring.rules import Scoring
from bot.scoring.thanking import LEAST, Fact, Wanted
from bot.sop.loader import SopSet
from bot.sop.templates import harmless_name
from bot.store import log
from bot.store.session import one_of
from bot.store.tables import identity, member
from bot.store.transaction import Transaction

LISTED = "thanks_listed"
_HEAD = {"number": "编号", "member": "成员", "name": "名字", "state": "状态", "why": "理由"}
Found = Mapping[int, Sequence[Fact]]


@dataclass(frozen=True, slots=True)
class Asked:
    """``places`` people for an occasion, by what they did in ``since`` days; none again within ``apart``."""

    occasion: str
    places: int
    since: int
    apart: int
    room: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody on a list; ``number`` None: on none yet."""

    number: int | None
    member: str
    name: str
    state: str
    why: str


def draw(connection: Connection, sops: SopSet, scoring: Scoring, asked: Asked, now: datetime) -> Found:
    """Who is to be new on the list, so that it has as many as are wanted."""
    community, rooms = sops.community, None
    if asked.room is not None:
        known = enabled_rooms(connection)
        rooms = [known[key] for key in community.expand(asked.room) if key in known]
    on_it = [it for it in thanks.of_occasion(connection, asked.occasion) if it.state is not State.DROPPED]
    bound = thanks.bound(connection, asked.occasion, now, asked.apart)
    wanted = Wanted(scoring, community.zone, community.roles, now, asked.since, rooms)
    return wanted.find(connection, max(asked.places - len(on_it), 0), bound)


def put(tx: Transaction, asked: Asked, found: Found) -> None:
    """Write them down; who came onto another list meanwhile is left out."""
    bound = thanks.bound(tx.connection, asked.occasion, tx.now, asked.apart)
    new = [(who, reasons) for who, reasons in found.items() if who not in bound]
    thanks.propose(tx, asked.occasion, asked.apart, new)


def note(tx: Transaction, asked: Asked, preview: bool) -> None:
    """That names were taken out is on record."""
    about = {"object_type": "thanks", "object_id": asked.occasion, "props": {"preview": preview}}
    more = {"actor_role": "staff", "channel": "offline", **about}
    log.append(tx, [log.entry(tx, "cli", str(tx.new_id()), LISTED, tx.now, **more)])


def lines(connection: Connection, asked: Asked, drawn: Found) -> list[Line]:
    """The list as it stands, and those who were ``drawn`` and not written."""
    stand = thanks.of_occasion(connection, asked.occasion)
    names = _names(connection, {*(it.member_id for it in stand), *drawn})
    written = [Line(it.number, *names[it.member_id], SAID[it.state], told(it.reasons)) for it in stand]
    there = {it.member_id for it in stand}
    return [
        *written,
        *(Line(None, *names[who], "预览", told(why)) for who, why in drawn.items() if who not in there),
    ]


def _names(connection: Connection, members: Collection[int]) -> dict[int, tuple[str, str]]:
    """M37, and what they are called where they were met last."""
    query = (
        select(member.c.id, member.c.number, identity.c.name)
        .select_from(
            member.outerjoin(identity, (identity.c.member_id == member.c.id) & (identity.c.name != ""))
        )
        .where(one_of(member.c.id, "members"))
        .order_by(identity.c.id)
    )
    rows = connection.execute(query, {"members": members})
    return {id: (f"M{number}", name or "") for id, number, name in rows}


# --- how it is shown ---


def as_text(found: Sequence[Line], asked: Asked) -> Iterator[str]:
    none = "" if found else f"。分数每晚4点算，{asked.since}天里满{LEAST:g}分的才选"
    yield f"答谢 {asked.occasion}：{len(found)} 位{none}"
    for it in found:
        yield f"{it.number or '—'} {it.member} {harmless_name(it.name)} {it.state}｜{it.why}"


def as_csv(found: Sequence[Line]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEAD.values())
    for it in found:
        writer.writerow(as_cell(cell) for cell in asdict(it).values())
    return out.getvalue()


def as_json(found: Sequence[Line]) -> str:
    return json.dumps([asdict(it) for it in found], ensure_ascii=False, indent=2)
