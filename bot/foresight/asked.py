"""What the command line asks for: from the settings and the SOPs to lines that are printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.errors import ConfigError
from bot.foresight import calendar, preview, start, transcript
from bot.foresight.ahead import Span, play_ahead
from bot.foresight.review import review
from bot.foresight.simulate import simulate
from bot.foresight.start import Start
from bot.foresight.weeks import weeks
from bot.sop.loader import Loaded, SopSet
from bot.sop.named import find
from bot.sop.problems import Problem, did_you_mean


@dataclass(frozen=True, slots=True)
class Asked:
    """For how many days, from when (None: now, from the bot's own database); whether a program reads it;
    where the database is kept that was played in (None: nowhere)."""

    days: int
    begins: datetime | None = None
    fresh: bool = False
    as_json: bool = False
    keep: Path | None = None


def calendar_lines(settings: Settings, sops: SopSet, asked: Asked, room: str | None) -> Iterator[str]:
    wanted = () if room is None else _rooms(sops, room)
    span = _span(sops, asked)
    with _start(settings, sops, asked) as state:
        found = play_ahead(sops, state, span, settings.account, app.pace_of(settings))
    here = [it for it in found if not wanted or it.room in wanted]
    if asked.as_json:
        yield _json([calendar.entry(it, sops) for it in here])
        return
    if state.enabled is not None and not (asked.fresh or asked.begins):
        yield "还没有开通的群，当作 community.yaml 里的群都刚刚开通。"
    yield from list(calendar.table(here, sops)) or [f"{asked.days} 天里没有要发的。"]


def preview_lines(settings: Settings, sops: SopSet, name: str, asked: Asked) -> Iterator[str]:
    """What the SOP of this id or name says next; one that is switched off is played as if it were not."""
    sop = find(sops.declared.values(), name)
    sops = preview.switched_on(sops, sop)
    with _start(settings, sops, asked) as state:
        found = play_ahead(sops, state, _span(sops, asked), settings.account, app.pace_of(settings))
    mine = [it for it in found if it.sop == sop.id]
    if asked.as_json:
        yield _json([calendar.entry(it, sops) for it in preview.first_of_each_step(mine)])
        return
    yield from list(preview.lines(mine, sops)) or [preview.nothing(sop, asked.days)]


def simulation_lines(
    settings: Settings, sops: SopSet, asked: Asked, *, size: int, seed: int
) -> Iterator[str]:
    span, pace = _span(sops, asked), app.pace_of(settings)
    with _start(settings, sops, asked) as state:
        found = simulate(sops, state, span, settings.account, pace, size=size, seed=seed)
    if asked.as_json:
        yield _json(transcript.entries(found, sops))
    else:
        yield from transcript.lines(found, sops)


def examine(loaded: Loaded, begins: datetime | None, *, with_weeks: bool) -> list[Problem]:
    """The problems of the files, and what is found in those that are good; ``begins`` is None for now."""
    if loaded.sops is None:
        return loaded.problems
    at = _moment(loaded.sops, begins)
    found = review(loaded.sops, at.astimezone(loaded.sops.community.zone).date(), whole=not loaded.problems)
    if with_weeks:
        found += weeks(loaded.sops, at)
    return sorted([*loaded.problems, *found])


def _rooms(sops: SopSet, room: str) -> tuple[str, ...]:
    found = sops.community.expand(room)
    if not found:
        meant = did_you_mean(room, sops.community.names())
        raise ConfigError([f"community.yaml 里没有“{room}”这个群{meant}"])
    return found


def _span(sops: SopSet, asked: Asked) -> Span:
    return Span.of_days(_moment(sops, asked.begins), asked.days, sops.community.zone)


def _moment(sops: SopSet, begins: datetime | None) -> datetime:
    return datetime.now(UTC) if begins is None else begins.replace(tzinfo=sops.community.zone)


def _start(settings: Settings, sops: SopSet, asked: Asked) -> AbstractContextManager[Start]:
    """At another time the state would be another one than today's, and nobody knows it."""
    if asked.keep is not None:
        return start.kept(sops, asked.keep)
    if asked.fresh or asked.begins is not None:
        return start.fresh(sops)
    return start.as_it_is(settings.database_url, settings.account, sops)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
