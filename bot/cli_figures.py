"""``bot report``, ``bot score`` and ``bot explain-score``: the numbers, and how they come about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot import config
from bot.config import Settings
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.sop.loader import SopSet

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=_DAY, metavar="日期", help="从这天起，这天也算；不写就是七天前。")
@click.option("--to", "last", type=_DAY, metavar="日期", help="到这天为止，这天也算；不写就是昨天。")
@click.option("--room", help="只看这个群，或这一组群；不写是所有的群，人不重复。")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "html"]),
    default="table",
    show_default=True,
    help="html 是一页带图的，存成文件用浏览器打开；json、csv 给程序读。",
)
def report(first: datetime | None, last: datetime | None, room: str | None, form: str) -> None:
    """社群的数字：月活、互动、沉默、情感、问卷、投诉、作品、答疑、NPS、复购、LTV、CAC、给要卖……每个都带着分母、基线和目标。

    数字到今天 4 点为止；同事、专家和机器人都不算在内。机器人在跑也可以看。
    """
    from bot.reporting import asked as wanted
    from bot.reporting import forms, making, page, trend
    from bot.store.reading import reading

    sops, now = _sops(), datetime.now(UTC)
    zone = sops.community.zone
    usual = wanted.last_week(now, zone)
    asked = wanted.Asked(
        usual.first if first is None else first.date(), usual.last if last is None else last.date(), room
    )
    if asked.first > asked.last:
        raise BotError(f"--from {asked.first} 在 --to {asked.last} 后面，换过来写")
    if room is not None and not sops.community.expand(room):
        raise BotError(f"community.yaml 里没有“{room}”这个群，有：{'、'.join(sops.community.names())}")
    terms = wanted.Terms.of(sops)
    with reading(_settings().database_url) as connection:
        found = making.make(connection, terms, asked, now.astimezone(zone).date())
        weeks = trend.weeks(connection, terms, asked) if form == "html" else []
    match form:
        case "html":
            click.echo(page.as_page(found, weeks), nl=False)
        case "json":
            click.echo(forms.as_json(found))
        case "csv":
            click.echo(forms.as_csv(found), nl=False)
        case _:
            click.echo("\n".join(forms.as_table(found)))


@click.command()
@click.option("--preview", is_flag=True, required=True, help="看谁会动，什么也不写。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：每个会动的人一项。")
def score(preview: bool, as_json: bool) -> None:
    """照现在的 scoring.yaml 把等级全部重算一遍，谁会升、谁低于门槛，为什么，谁会拿到或失去权益；不写进去。"""
    from bot import scoring_preview
    from bot.store.reading import reading

    sops = _sops()
    if sops.scoring is None:
        raise BotError("scoring.yaml 有错，先改好：bot check")
    with reading(_settings().database_url) as connection:
        now = datetime.now(UTC)
        moves = scoring_preview.moves(connection, sops, sops.scoring, now)
        perks = [] if as_json else list(scoring_preview.benefits(connection, sops, sops.scoring, now))
    if as_json:
        click.echo(json.dumps([move.as_json() for move in moves], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join([*scoring_preview.as_lines(moves), *perks]))


@click.command("explain-score")
@click.argument("member")
@click.option("--json", "as_json", is_flag=True, help="给程序读：每次互动一项。")
def explain_score(member: str, as_json: bool) -> None:
    """一位成员（M37）的贡献分是哪些互动算出来的，每次现在还剩多少。"""
    from bot import scoring_preview
    from bot.store.reading import reading

    sops = _sops()
    if sops.scoring is None:
        raise BotError("scoring.yaml 有错，先改好：bot check")
    with reading(_settings().database_url) as connection:
        found = scoring_preview.of_member(connection, sops, sops.scoring, member, datetime.now(UTC))
    click.echo(found.as_json() if as_json else "\n".join(found.as_lines()))


def _settings() -> Settings:
    return config.offline()


def _sops() -> SopSet:
    from bot import app

    return app.needed(app.load_sops(_settings()))
