"""``bot import``: orders, views, members and costs from files; what was understood, and what came of it."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import config
from bot.errors import ImportFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ingest.records import Record, Setting, Topic
    from bot.ingest.run import Outcome, Progress

TURN = 0.02
"""Seconds between two transactions, in which a bot that runs on the same database takes its turn."""
_MOST_REASONS = 8


@click.group("import")
def import_() -> None:
    """从文件导入订单、内容浏览、会员账号、花费；机器人在跑也可以导。

    \b
    bot import orders 订单.csv --dry-run   先看看认得对不对，什么也不写
    bot import orders 订单.csv             导入；中断了再执行一次就接着导
    同一份再导一次什么也不会变。没收下的行和原因写在 订单.csv.refused.csv 里。
    """


def _command(name: str, help: str) -> None:
    @import_.command(name, help=help)
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--source", metavar="名字", help="哪家店、哪个平台，只用小写字母、数字、- 和 _；不写就是 main。"
    )
    @click.option(
        "--mapping",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="YAML 文件，说哪一列是什么；列名是常见的就不用。",
    )
    @click.option("--dry-run", "dry", is_flag=True, help="只看会怎样，不写进数据库。")
    @click.option("--json", "as_json", is_flag=True, help="给程序读。")
    def command(file: Path, source: str | None, mapping: Path | None, dry: bool, as_json: bool) -> None:
        with _may_be_stopped():
            _run(name, file, source, mapping, dry=dry, as_json=as_json)


@contextmanager
def _may_be_stopped() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise click.ClickException("停下了。已经导入的都在；再执行一次同样的命令，就接着导。") from None


def _run(
    name: str, file: Path, source: str | None, mapping: Path | None, *, dry: bool, as_json: bool
) -> None:
    from bot import app
    from bot.ingest.columns import Chosen, read_mapping
    from bot.ingest.records import Setting
    from bot.ingest.run import import_file
    from bot.ingest.topics import TOPICS
    from bot.store import trouble
    from bot.store.writer import Writer

    settings = config.offline()
    topic = next(it for it in TOPICS if it.name == name)
    chosen = Chosen() if mapping is None else read_mapping(mapping, topic.columns)
    setting = Setting(
        source=_source(source or chosen.source or "main"),
        zone=app.zone_of(settings),
        now=datetime.now(UTC),
        key=app.phone_key_of(settings),
    )
    writer = Writer(app.open_database(settings.database_url))
    try:
        with trouble.told(writer.engine.url), _bar(quiet=as_json) as show:
            outcome = import_file(file, topic, setting, writer, mapping=chosen, dry=dry, show=show)
    finally:
        writer.close()
        writer.engine.dispose()
    told = json.dumps(_as_data(outcome, dry), ensure_ascii=False, indent=2) if as_json else None
    click.echo(told or "\n".join(_lines(outcome, topic, setting, dry=dry)))


def _source(name: str) -> str:
    from bot.ingest.columns import SOURCE

    if not re.fullmatch(SOURCE, name):
        raise ImportFailed(f"--source {name}：只能用小写字母、数字、- 和 _，最多 32 个")
    return name


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Progress]:
    """A bar in a terminal, and nothing elsewhere; between two transactions others take their turn."""
    stream = sys.stderr
    hidden = quiet or not stream.isatty()
    bar: Any = click.progressbar(length=1, label="导入", file=stream, hidden=hidden)

    def show(done: int, of: int) -> None:
        bar.length = of
        bar.update(done - bar.pos)
        time.sleep(TURN)

    with bar:
        yield show


# --- what is told ---


def _lines(outcome: Outcome, topic: Topic, setting: Setting, *, dry: bool) -> Iterator[str]:
    tally = outcome.tally
    if dry:
        yield f"编码 {outcome.encoding}。{'，'.join(outcome.understood)}"
        yield from (f"第{line}行：{_understood(record, setting)}" for line, record in tally.first)
    will = "会收下" if dry else "收下"
    counts = f"{will} {tally.new}，早就有的 {tally.unchanged}，没收 {tally.refused.total()}"
    yield f"{topic.title} {tally.rows} 行：{counts}"
    if tally.events:
        yield "记录：" + "，".join(f"{name} {count}" for name, count in sorted(tally.events.items()))
    yield f"新账号 {tally.accounts}" + ("" if dry else f"，认出是谁的 {tally.linked}")
    yield from (f"⚠ {note}：{count} 行" for note, count in tally.notes.most_common())
    yield from (f"✗ {reason}：{count} 行" for reason, count in tally.refused.most_common(_MOST_REASONS))
    if outcome.report is not None:
        yield f"没收的每一行和原因：{outcome.report}"


def _understood(record: Record, setting: Setting) -> str:
    """A row as it was understood; the accounts by their kind, because ids may be people's."""
    told = [
        f"{it.name} {it.at.astimezone(setting.zone):%Y-%m-%d %H:%M}{_sum(it.values)}" for it in record.events
    ]
    known = "有手机号" if any(it.phone for it in record.accounts) else "没有手机号"
    return "；".join([*told, *([known] if record.accounts else [])])


def _sum(values: dict[str, Any]) -> str:
    sum = values.get("amount_cents", values.get("cost_cents"))
    return "" if sum is None else f" ¥{sum / 100:.2f}"


def _as_data(outcome: Outcome, dry: bool) -> dict[str, Any]:
    tally = outcome.tally
    return {
        "dry_run": dry,
        "rows": tally.rows,
        "new": tally.new,
        "unchanged": tally.unchanged,
        "refused": tally.refused.total(),
        "reasons": dict(tally.refused),
        "notes": dict(tally.notes),
        "events": dict(tally.events),
        "accounts": tally.accounts,
        "linked": tally.linked,
        "report": None if outcome.report is None else str(outcome.report),
    }


_command("orders", "订单：下单、付款、收货、退款。要有订单号、金额、买家（或手机号）和至少一个时间。")
_command("views", "内容浏览：谁什么时候看了哪篇。要有内容编号、用户（或手机号）和时间。")
_command("members", "会员账号：店铺或内容平台的哪个账号是谁的，凭手机号或群里的 M 编号。")
_command("costs", "花费：广告、样品、推荐奖励……要有类别、金额和日期。")
