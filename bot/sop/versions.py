"""SOPs as they were: a run keeps the structure that it began with, whatever the file says by now."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from sqlalchemy import select

from bot.sop import yaml_reader
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.store.session import insert_new
from bot.store.tables import sop_version
from bot.store.transaction import Transaction


def note(tx: Transaction, sops: SopSet) -> None:
    """Keep the text of every SOP, so that its runs can outlive it."""
    rows = [
        {"hash": source.hash, "sop_id": sop_id, "yaml": source.text, "seen_at": tx.now}
        for sop_id, source in sops.source.items()
    ]
    insert_new(tx.connection, sop_version, rows)


def at(tx: Transaction, sops: SopSet, sop_id: str, version: str) -> Sop | None:
    """The SOP with the hash ``version``; None if this program cannot read it any more.

    Only its form is read again: the templates and shelves that it names are those of today.
    """
    source = sops.source.get(sop_id)
    if source is not None and source.hash == version:
        return sops.declared[sop_id]
    query = select(sop_version.c.yaml).where(sop_version.c.hash == version)
    text = tx.connection.execute(query).scalar()
    return None if text is None else _revive(sops, text)


def last(tx: Transaction, sops: SopSet, sop_id: str) -> Sop | None:
    """The SOP as its file says, or said last if that is gone; None if this program cannot read it."""
    if sop_id in sops.declared:
        return sops.declared[sop_id]
    query = select(sop_version.c.yaml).where(sop_version.c.sop_id == sop_id)
    text = tx.connection.execute(query.order_by(sop_version.c.seen_at.desc())).scalar()
    return None if text is None else _revive(sops, text)


def _revive(sops: SopSet, text: str) -> Sop | None:
    data = yaml_reader.parse(text, "").data
    kind = sops.kinds.get(str(data.get("sop")))
    try:
        sop = None if kind is None else kind.model.model_validate(data)
    except ValidationError:
        return None
    if sop is None or sop.rooms is None:
        return sop
    return sop.model_copy(update={"rooms": _expand(sops, sop.rooms)})


def _expand(sops: SopSet, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for name in names for key in sops.community.expand(name))
