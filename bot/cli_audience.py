"""``bot audience``: who an audience is, before a SOP turns to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot import config

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.audience.conditions import Condition
    from bot.audience.scope import Scope
    from bot.sop.audiences import Audiences


@click.command()
@click.argument("name", required=False, metavar="[人群|条件]")
@click.option("--list", "first", default=10, show_default=True, type=click.IntRange(0), help="列出前几位。")
@click.option("--why", "whom", metavar="M37", help="这一位在不在里面，为什么。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：members of alone rooms first。")
def audience(name: str | None, first: int, whom: str | None, as_json: bool) -> None:
    """一群人有几位、在哪些群、是谁、为什么；不写名字，就看 audiences.yaml 里的每一群有几位。

    \b
    也可以现写一个条件试试：
    bot audience '{tag: 烹饪热情, silent: 30d}'

    只读，机器人在跑也可以看。
    """
    from bot import app
    from bot.sop.audiences import named_or_said
    from bot.sop.reach import scope
    from bot.store.reading import reading

    settings = config.offline()
    sops = app.needed(app.load_sops(settings))
    when = scope(sops, datetime.now(UTC))
    condition = None if name is None else named_or_said(name, sops.audiences, sops.known)
    with reading(settings.database_url) as connection:
        if name is None or condition is None:
            told = _all(connection, sops.audiences, when, as_json)
        elif whom is None:
            told = _one(connection, name, condition, when, first, as_json)
        else:
            told = _why(connection, whom, condition, when, as_json)
        click.echo("\n".join(told))


def _all(connection: Connection, audiences: Audiences, when: Scope, as_json: bool) -> Iterator[str]:
    from bot.audience.selecting import everybody
    from bot.commands.audiences import counted

    if as_json:
        yield _json({name: len(everybody(connection, when, it)) for name, it in audiences.conditions.items()})
    else:
        yield from counted(connection, audiences, when)


def _one(
    connection: Connection, name: str, condition: Condition, when: Scope, first: int, as_json: bool
) -> Iterator[str]:
    from bot.audience.shown import show
    from bot.commands.audiences import lines

    found = show(connection, condition, when, first)
    if as_json:
        yield _json({"audience": name, **asdict(found)})
    else:
        yield from lines(name, found)


def _why(
    connection: Connection, whom: str, condition: Condition, when: Scope, as_json: bool
) -> Iterator[str]:
    from bot.audience.shown import as_lines, why
    from bot.people import numbers

    member_id, number = numbers.of_typed(connection, whom)
    found = why(connection, condition, when, member_id)
    if as_json:
        yield _json({"member": number, **asdict(found)})
    else:
        yield f"M{number} {'在里面' if found.is_in else '不在里面'}"
        yield from as_lines(found)


def _json(it: object) -> str:
    return json.dumps(it, ensure_ascii=False, indent=2)
