"""The command line: run the bot, try it in a demo, check SOPs, play scenarios, prepare the database."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot import config, logs
from bot.cli_audience import audience
from bot.cli_figures import explain_score, report, score
from bot.cli_import import import_
from bot.cli_rights import export_, retention, stay_forgotten
from bot.config import Settings
from bot.errors import BotError, ScenarioError

if TYPE_CHECKING:
    from bot.sop.loader import Loaded, SopSet

C = TypeVar("C", bound=Callable[..., object])


class _Friendly(click.Group):
    """Our own errors, of whatever command, are told in a sentence; they are no tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BotError as error:
            raise click.ClickException(str(error)) from error


def _beginning(help: str) -> Callable[[C], C]:
    formats = ["%Y-%m-%d", "%Y-%m-%d %H:%M"]
    return click.option("--from", "begins", type=click.DateTime(formats), metavar="日期", help=help)


@click.group(cls=_Friendly, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="member-group-bot", prog_name="bot")
def cli() -> None:
    """会员群机器人：SOP 写在 sops/ 里，措辞写在 templates/ 里。

    \b
    第一次来：      bot demo          在终端里试一个群，时间可以拨
    新写一个 SOP：  bot new           照现成的写一份，再 bot explain、bot preview 看看
    写完 SOP：      bot check         有没有写错，错在哪一行
    接下来发什么：  bot calendar      哪天几点发到哪个群，什么会被拦下
    想看看热闹：    bot simulate      请一班人来演几天
    想知道会怎样：  bot test          按写好的对话演一遍
    想知道为什么：  bot why 号        一件事引出了什么，谁没有接、为什么
    看社群的数字：  bot report        月活、互动、作品、答疑，和前一段比
    正式上线：      bot run           连上微信（先照 .env.example 填 .env）
    """


for _command in (report, audience, score, explain_score, import_, export_, retention):
    cli.add_command(_command)


@cli.command()
@click.option(
    "--claim-code", is_flag=True, help="已经有管理员也给一个口令：重新登录后机器人不认得管理员时用。"
)
def run(claim_code: bool) -> None:
    """正式运行：通道看 .env（没有填就是终端），数据库自动升级。

    还没有管理员时，每次启动都会打印一行 claim code: 口令。把 /认领 口令 私聊发给机器人，就成为
    第一位管理员；再到要开通的群里发 /开群 群名。按 Ctrl-C 停下，等着的事情和没发的消息都还在，下次接着来。
    """
    from bot import app
    from bot.foresight.chat import Foresight

    settings = config.load()
    logs.set_up(settings.log_level, settings.log_format)
    foresight = Foresight(settings.database_url, app.pace_of(settings))
    asyncio.run(app.run(settings, claim_code=claim_code, foresee=foresight))


@cli.command()
def demo() -> None:
    """在终端里试一个群：从 2026-11-30 周一 09:00 开始，时间可以拨。

    \b
    直接打字            以当前的人说话；“阿青：大家好”换个人说
    :image dinner.jpg   发图片      :recall   撤回
    :next  :+3h  :to 周五 19:00     拨时间
    :help  全部         :quit  结束

    用自己的数据库 data/demo.db，每次从头开始，碰不到正式的数据。也可以把写好的一周用管道送进来：
    bot demo < week.txt
    """
    from bot.demo import URL, run
    from bot.foresight.chat import Foresight
    from bot.outbox.pace import Pace

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `bot demo | head` ends without a word
    settings = config.offline()
    logs.set_up("WARNING")
    asyncio.run(run(settings, Foresight(URL, Pace())))


@cli.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="给程序读：file line column path message suggestion level 的列表。",
)
@click.option("--no-weeks", is_flag=True, help="不演后面四周，只看写得对不对。")
@_beginning("从这天起演四周，不写就是现在。")
def check(path: Path | None, as_json: bool, no_weeks: bool, begins: datetime | None) -> None:
    """检查 SOP、模板和内容架，再把后面四周演一遍，一次说出所有问题；有错时退出码是 1。

    \b
    错：写得不对；到时候会被群里的规矩拦下、发不出去；两个 SOP 抢同一个词；谁也不会打的标签。
    ⚠：永远轮不到的步骤、没人用的模板、要讲重样的货架。只是提醒，不算错。

    PATH 是 SOP 的文件夹，或其中一个文件；不写就是设置里的 BOT_SOPS。
    模板用 BOT_TEMPLATES 的；没有设，就用 PATH 旁边的 templates/。
    """
    from bot import app
    from bot.foresight import asked

    settings = config.offline()
    path = (path or settings.sops).resolve()
    folder = path if path.is_dir() else path.parent
    beside = folder.parent / "templates"
    if beside.is_dir() and settings.templates == Settings().templates:
        settings = replace(settings, templates=beside)
    logs.set_up("CRITICAL")
    loaded = app.load_sops(replace(settings, sops=folder))
    wanted = None if path.is_dir() else _wanted(loaded, path)
    found = asked.examine(loaded, begins, with_weeks=not no_weeks)
    problems = [problem for problem in found if wanted is None or problem.file in wanted]
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2))
    elif problems:
        click.echo("\n".join(map(str, problems)))
    if any(problem.level == "error" for problem in problems):
        sys.exit(1)
    count = len(loaded.sops.declared) if loaded.sops and path.is_dir() else 1
    click.echo("" if as_json else f"没有错误，{count} 个 SOP 都可以用。\n", nl=False)


def _wanted(loaded: Loaded, path: Path) -> set[str]:
    """The names of one file; without a sound community.yaml nothing can be said of the others."""
    if path.suffix not in (".yaml", ".yml"):
        raise BotError(f"{path.name} 不是 SOP 文件。模板和内容架会随 SOP 一起查：bot check")
    name, community = f"{path.parent.name}/{path.name}", f"{path.parent.name}/community.yaml"
    return {name} if loaded.sops is not None else {name, community}


def _sops(settings: Settings) -> SopSet:
    """The SOPs to play with; those with mistakes are named. What is played is not logged."""
    from bot import app

    loaded = app.load_sops(settings)
    for problem in loaded.problems if loaded.sops else ():
        click.echo(f"⚠ 没有装上：{problem}", err=True)
    logs.set_up("CRITICAL")
    return app.needed(loaded)


@cli.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 92), help="看几天，今天算一天。")
@click.option("--room", help="只看这个群，或这一组群。")
@click.option("--fresh", is_flag=True, help="不管现在的数据，当作所有的群刚刚开通。")
@_beginning("从这天起，当作所有的群那时刚刚开通；不写就是现在。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：每条消息一项，到每个群各算一条。")
def calendar(days: int, room: str | None, fresh: bool, begins: datetime | None, as_json: bool) -> None:
    """接下来发什么、发到哪里、什么时候，哪些会被规矩拦下。

    把现在的数据复制一份，在里面往后演，没有人说话；正式的数据一个字也不动，机器人在跑也可以看。
    """
    from bot.foresight import asked

    settings, wanted = config.offline(), asked.Asked(days, begins, fresh, as_json)
    sops = _sops(settings)
    click.echo("\n".join(asked.calendar_lines(settings, sops, wanted, room)))


@cli.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 92), help="演几天，头一天也算。")
@click.option(
    "--cast", "size", default=12, show_default=True, type=click.IntRange(0, 5000), help="几个人说话。"
)
@click.option("--seed", default=1, show_default=True, help="换一个数，就换一种说法；同一个数，总是一样。")
@click.option("--fresh", is_flag=True, help="不管现在的数据，当作所有的群刚刚开通。")
@_beginning("从这天起，当作所有的群那时刚刚开通；不写就是现在。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：谁、什么时候、在哪里、说了什么。")
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="文件",
    help="从刚刚开通演起，把演出来的数据库留在这个新文件里，好看它的 bot report。",
)
def simulate(
    days: int,
    size: int,
    seed: int,
    fresh: bool,
    begins: datetime | None,
    as_json: bool,
    keep: Path | None,
) -> None:
    """请一班人来演几天：打招呼、晒图、提问、回话，看机器人怎么接。

    用的是真的 SOP 和规矩，时间是虚拟的，话是编的；正式的数据一个字也不动。
    """
    from bot.foresight import asked

    if keep is not None and keep.exists():
        raise BotError(f"{keep} 已经有了，换一个文件名：演出来的不能混进别的数据里")
    settings, wanted = config.offline(), asked.Asked(days, begins, fresh, as_json, keep)
    sops = _sops(settings)
    click.echo("\n".join(asked.simulation_lines(settings, sops, wanted, size=size, seed=seed)))


@cli.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="把演出来的对话也打印出来。")
def test(path: Path | None, verbose: bool) -> None:
    """按写好的对话把 SOP 演一遍：几天的事几秒演完，机器人多说、少说、说错都算不过。

    PATH 是一个对话文件或文件夹，不写就是 tests/scenarios。
    """
    settings = config.offline()
    sops = _sops(settings)
    start = path or Path("tests/scenarios")
    files = [start] if start.is_file() else sorted(start.rglob("*.yaml"))
    if not files:
        raise ScenarioError(f"{start} 里没有对话文件（*.yaml）")
    failed = 0
    for file in files:
        name, failure, transcript = _play(file, sops, settings)
        failed += bool(failure)
        click.echo(f"{'✗' if failure else '✓'} {name}（{file}）")
        shown = failure or ("\n".join(transcript) if verbose else "")
        if shown:
            click.echo("    " + shown.replace("\n", "\n    "))
    click.echo(f"{len(files) - failed} 个通过，{failed} 个没过。")
    if failed:
        sys.exit(1)


def _play(file: Path, sops: SopSet, settings: Settings) -> tuple[str, str, list[str]]:
    """Play a scenario; gives its name, why it failed (or nothing) and what was said."""
    from bot.app import sops_loader
    from bot.scenario.play import play
    from bot.scenario.playing import report
    from bot.scenario.script import read

    try:
        played = asyncio.run(play(read(file), sops, loader=sops_loader(settings)))
    except ScenarioError as error:
        return "读不懂", str(error), []
    return played.script.scenario, report(played) if played.failure else "", played.transcript


@cli.command()
@click.argument("name")
def explain(name: str) -> None:
    """用大白话说一个 SOP 做什么、什么时候做。NAME 是它的编号或名字。"""
    from bot.sop.named import find

    sops = _sops(config.offline())
    sop = find(sops.declared.values(), name)
    rooms = "所有开通的群" if sop.rooms is None else "、".join(sop.rooms)
    off = "" if sop.enabled else "，停用着"
    click.echo(f"{sop.name}（{sops.kind_of(sop).title}，{sop.id}{off}）→ {rooms}")
    click.echo("\n".join(f"- {line}" for line in sop.told()))


@cli.command()
@click.argument("event", type=click.IntRange(1))
@click.option("--text", is_flag=True, help="把原话也打印出来（还留着的话）。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：event effects unmoved 等等。")
def why(event: int, text: bool, as_json: bool) -> None:
    """一件事后来怎么样了，为什么没有人接。EVENT 是它的号：日志里的 #号，或发件箱里消息的号。

    做过的照记录说；没做的照现在的 SOP 和数据看，那时候也许不一样。只读，机器人在跑也可以看。
    """
    from bot.commands.trace import ask, told

    settings = config.offline()
    sops = _sops(settings)
    found = ask(settings.database_url, sops, settings.account, event, text=text)
    click.echo(told.as_json(found, sops) if as_json else "\n".join(told.lines(found, sops)))


@cli.command()
@click.argument("name")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 92), help="往后找几天。")
@click.option("--fresh", is_flag=True, help="不管现在的数据，当作所有的群刚刚开通。")
@_beginning("从这天起，当作所有的群那时刚刚开通；不写就是现在。")
@click.option("--json", "as_json", is_flag=True, help="给程序读：每条消息一项，到每个群各算一条。")
def preview(name: str, days: int, fresh: bool, begins: datetime | None, as_json: bool) -> None:
    """一个 SOP 接下来每一步发的原话，发到哪里、什么时候。NAME 是它的编号或名字，停用着的也能看。

    和 bot calendar 一样，在数据的副本里往后演，没有人说话；正式的数据一个字也不动。
    """
    from bot.foresight import asked

    settings, wanted = config.offline(), asked.Asked(days, begins, fresh, as_json)
    click.echo("\n".join(asked.preview_lines(settings, _sops(settings), name, wanted)))


@cli.command()
@click.argument("kind")
@click.option("--id", "id", default="my-sop", show_default=True, help="新文件的编号，也是文件名。")
def new(kind: str, id: str) -> None:
    """照着现有的一份，新写一个 SOP。KIND 是种类：theme_day、qa_day、challenge、welcome、wakeup、survey。"""
    from bot.sop.draft import draft

    settings = config.offline()
    path = settings.sops / f"{id}.yaml"
    if path.exists():
        raise BotError(f"{path} 已经有了。换一个编号：--id {id}-2")
    path.write_text(draft(_sops(settings), kind, id), encoding="utf-8")
    then = f"改完先 bot check，再 bot explain {id}、bot preview {id}；行了就把 enabled 改成 true。"
    click.echo(f"写好了 {path}，还停用着。{then}")


@cli.command()
def schema() -> None:
    """把编辑器用的 JSON Schema 写到 SOP 文件夹的 schema/ 里：写 YAML 时补全、提错。"""
    from bot.sop.kinds import collect
    from bot.sop.schema import write

    settings = config.offline()
    for path in write(settings.sops, collect(settings.kinds)):
        click.echo(f"写好了 {path}")


@cli.command(hidden=True)
@click.argument(
    "file", default="docs/handbook.zh.md", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def handbook(file: Path) -> None:
    """把手册里的表照程序现在的样子重写一遍；每行最后一格“意思”是人写的，留着。"""
    from bot.handbook import refreshed
    from bot.sop.kinds import collect

    file.write_text(refreshed(file.read_text(encoding="utf-8"), collect()), encoding="utf-8")


@cli.group()
def db() -> None:
    """数据库：升级、备份、换回备份、搬家。"""


@db.command()
def upgrade() -> None:
    """把数据库升级到这个版本需要的样子（bot run 启动时也会做）。"""
    from bot import app

    settings = config.offline()
    logs.set_up(settings.log_level, settings.log_format)
    app.open_database(settings.database_url).dispose()
    click.echo("数据库已是最新。")


@db.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def backup(file: Path | None) -> None:
    """备份数据库，机器人在跑也可以。FILE 不写就放在数据库旁边的 backups/ 里，名字带时间。"""
    from bot.store import archive
    from bot.store.backup import file_of, write

    database = file_of(config.offline().database_url)
    target = file or archive.new(database)
    write(database, target)
    click.echo(f"备份好了：{target}（{target.stat().st_size / 1e6:.1f} MB）")


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """换回一个备份，先把机器人停下。现在的数据库会留成一个备份，反悔就再换回它。"""
    from bot.store.restore import restore

    settings = config.offline()
    kept = restore(settings.database_url, settings.account, file)
    again = stay_forgotten(settings)
    click.echo(f"已经换成 {file} 里的数据。" + (f"要求忘记过的 {again} 个账号又忘了一遍。" if again else ""))
    if kept is not None:
        click.echo(f"原来的留在 {kept}，要反悔：bot db restore {shlex.quote(str(kept))}")


@db.command()
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """把数据全部搬到另一个数据库，先把机器人停下；搬不全就一点也不搬。

    \b
    从 SQLite 到 PostgreSQL（反过来也可以），目标要是空的：
    bot db copy sqlite:///data/bot.db postgresql://用户:密码@地址/库名
    """
    from bot.store.copy import copy

    rows = copy(source, target, config.offline().account, _show)
    click.echo(f"搬完了，一共 {rows} 行。把 .env 里的 DATABASE_URL 改成新的，再启动；旧的原样还在。")


def _show(table: str, done: int, of: int) -> None:
    """One line a table: it counts in a terminal, and stands at its end in a pipe."""
    back = "\r" if sys.stdout.isatty() else ""
    if back or done == of:
        click.echo(f"{back}{table} {done}/{of}", nl=done == of)
