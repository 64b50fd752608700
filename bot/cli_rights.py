"""``bot retention`` and ``bot export member``: what is deleted when, and what is held about somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import config
from bot.config import Settings
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.store.writer import Writer

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
