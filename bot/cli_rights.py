"""``bot retention`` and ``bot export``: what is deleted when, what is held about somebody, whom to thank."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import config
from bot.config import Settings
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.sop.loader import SopSet
    from bot.store.writer import Writer
    from bot.thanking import Asked, Line

_SAID = {
    "texts": "成员的话",
    "outgoing": "机器人的话",
    "documents": "问答的检索词",
    "offers": "过时的码",
    "hits": "两年前的标签凭据",
    "answers": "退群三十天的人的问卷答案",
    "pictures": "图片",
    "exports": "导出的文件",
    "members": "要求忘记的人",
    "thanks": "两年前的答谢名单",
}


@click.command()
@click.option("--dry-run", is_flag=True, help="只说今晚会删什么，什么也不删。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：每样几条。")
def retention(*, dry_run: bool, as_json: bool) -> None:
    """删掉到期的：话、图、问卷答案。平时每晚四点自己做，这里是马上做一遍。

    图片的文件由运行中的机器人删；互动记录（没有原话）一直留着，两年后也不合并。
    """
    from bot import app
    from bot.rights import by_hand, keeping
    from bot.store.reading import reading

    settings = config.offline()
    community, now = app.needed(app.load_sops(settings)).community, datetime.now(UTC)
    night = by_hand.next_night(now, community.zone) if dry_run else now
    with reading(settings.database_url) as connection:
        found = keeping.count(connection, night, community.privacy.keep_days)
    if not dry_run:
        _keep_no_longer(settings, now, community.privacy.keep_days)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "until": night.isoformat(), **found}, indent=2))
        return
    counted = "，".join(f"{_SAID[name]}{number}" for name, number in found.items() if number)
    until = night.astimezone(community.zone)
    will = f"{until:%m月%d日 %H:%M} 会删" if dry_run else "删了"
    click.echo(f"{will}：{counted or '没有到期的'}")


def _keep_no_longer(settings: Settings, now: datetime, days: int) -> None:
    from bot import app
    from bot.rights import by_hand

    with _writing(settings) as writer:
        with writer.transaction(now) as tx:
            by_hand.keep_no_longer(tx, app.phone_key_of(settings), app.files_of(settings), days)
        for errand in tx.errands:
            errand.do()


@click.group("export")
def export_() -> None:
    """导出。"""


@export_.command()
@click.argument("member")
@click.option("--out", type=click.Path(path_type=Path), help="写到哪里；不写就是当前文件夹，名字带编号。")
@click.option("--json", "as_json", is_flag=True, help="不写文件，把全部内容打印出来。")
def member(member: str, out: Path | None, *, as_json: bool) -> None:
    """我们存着的关于一位成员（M37）的一切：一个 zip，里面有 data.json 和每样一张表。每次都记进审计。"""
    from bot import app
    from bot.rights import by_hand, export, folder
    from bot.store.reading import reading

    settings = config.offline()
    zone = app.zone_of(settings)
    with _writing(settings) as writer, writer.transaction(datetime.now(UTC)) as tx:
        member_id, number = by_hand.note_export(tx, member)
    with reading(settings.database_url) as connection:
        found = export.collect(connection, member_id, zone)
    if as_json:
        click.echo(export.as_json(found))
        return
    target = out or Path(f"M{number}.zip")
    try:
        folder.write(target, export.as_zip(found))
    except OSError as error:
        raise BotError(f"{target} 写不成：{error.strerror}") from error
    click.echo(f"写好了 {target}：{export.summary(found)}。里面是个人信息，用完就删。")


@export_.command()
@click.option("--for", "occasion", required=True, metavar="场合", help="为什么事：新年、周年、新米上市。")
@click.option("--n", "places", type=click.IntRange(1, 1000), default=30, show_default=True, help="一共几位。")
@click.option("--room", help="只从这个群、这一组群里选。")
@click.option("--since", default="180d", show_default=True, help="看这么久以来做的。")
@click.option("--apart", default="180d", show_default=True, help="这么久之内谢过的不再选。")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
@click.option("--out", type=click.Path(path_type=Path), help="写到文件里；不写就打印出来。")
@click.option("--preview", is_flag=True, help="只看会选谁，不写进名单。")
def thanks(
    occasion: str,
    places: int,
    room: str | None,
    since: str,
    apart: str,
    form: str,
    out: Path | None,
    *,
    preview: bool,
) -> None:
    """答谢名单：谢谁、为什么。同一件事再跑一次是同一份，不够就补；群里用 /答谢 过、退、记已寄。

    五类贡献各自开方再相加，样样都来一点的在前；三成留给90天里新来的。同事、专家、关了个性化的、
    不在群里的不选。地址不在这里：名单上只有名字和编号。每次都记进审计。
    """
    from bot import app, thanking

    settings = config.offline()
    sops, now = app.needed(app.load_sops(settings)), datetime.now(UTC)
    if room is not None and not sops.community.expand(room):
        raise BotError(f"community.yaml 里没有“{room}”这个群，有：{'、'.join(sops.community.names())}")
    asked = thanking.Asked(_occasion(occasion), places, _days(since), _days(apart), room)
    found = _listed(settings, sops, asked, now, preview=preview)
    match form:
        case "json":
            _give_out(thanking.as_json(found), out)
        case "csv":
            _give_out(thanking.as_csv(found), out)
        case _:
            _give_out("\n".join(thanking.as_text(found, asked)), out)


def _listed(
    settings: Settings, sops: SopSet, asked: Asked, now: datetime, *, preview: bool
) -> Sequence[Line]:
    """Read beside the bot, written in a moment, and read again."""
    from bot import thanking
    from bot.store.reading import reading

    if sops.scoring is None:
        raise BotError("scoring.yaml 有错，先改好：bot check")
    with reading(settings.database_url) as connection:
        drawn = thanking.draw(connection, sops, sops.scoring, asked, now)
    with _writing(settings) as writer, writer.transaction(now) as tx:
        thanking.note(tx, asked, preview)
        if not preview:
            thanking.put(tx, asked, drawn)
    with reading(settings.database_url) as connection:
        return thanking.lines(connection, asked, drawn if preview else {})


def _occasion(typed: str) -> str:
    name = typed.strip()
    if not name.isprintable() or not 0 < len(name) <= 12 or any(it.isspace() for it in name):
        raise BotError("--for 写一个词，最多 12 个字，例如 新年")
    return name


def _days(typed: str) -> int:
    from bot.sop.problems import Mistake
    from bot.sop.schedule import parse_duration

    try:
        days = parse_duration(typed).days
    except Mistake as mistake:
        raise BotError(f"{typed}：{mistake}") from mistake
    if not 1 <= days <= 3660:
        raise BotError(f"{typed}：要写一天到十年，例如 180d")
    return days


def _give_out(content: str, out: Path | None) -> None:
    """A file is for a spreadsheet, and for nobody else on the machine."""
    from bot.rights import folder

    if out is None:
        click.echo(content.rstrip("\n"))
        return
    try:
        folder.write(out, ("\ufeff" * (out.suffix == ".csv") + content).encode())
    except OSError as error:
        raise BotError(f"{out} 写不成：{error.strerror}") from error
    click.echo(f"写好了 {out}。里面有名字，用完就删。")


def stay_forgotten(settings: Settings) -> int:
    """After a restore: forget again whom it brought back; gives how many accounts that were."""
    from bot import app
    from bot.rights import tombstones

    if not tombstones.read(app.files_of(settings)):
        return 0
    with _writing(settings) as writer:
        return app.stay_forgotten(writer, datetime.now(UTC), settings)


@contextmanager
def _writing(settings: Settings) -> Iterator[Writer]:
    from bot import app
    from bot.store import trouble
    from bot.store.writer import Writer

    writer = Writer(app.open_database(settings.database_url))
    try:
        with trouble.told(writer.engine.url):
            yield writer
    finally:
        writer.close()
        writer.engine.dispose()
