"""The one place where objects are built and wired."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.alarms import LOST_AFTER
from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.clock import Clock, SystemClock
from bot.commands import (
    announce,
    audiences,
    audit,
    basic,
    benefits,
    calendar,
    complaints,
    confirm,
    contact,
    health,
    identities,
    members,
    outbox,
    people,
    report,
    restraints,
    rights,
    room_settings,
    rooms,
    sops,
    standing,
    tags,
    thanks,
    why,
    word_of_mouth,
)
from bot.commands.desk import CommandDesk
from bot.commands.parser import Commands
from bot.config import Settings
from bot.errors import ConfigError, StoreError
from bot.events import Chat, Person
from bot.outbox.pace import Pace
from bot.people import directory, invites, roles
from bot.people.directory import Room
from bot.pipeline import Pipeline
from bot.reloader import Load
from bot.rights import due
from bot.rights.folder import Folder
from bot.runtime import Runtime
from bot.sop.command import Foresee
from bot.sop.index import Index
from bot.sop.kinds import Kinds, collect
from bot.sop.loader import Loaded, Loader, SopSet
from bot.sop.player import Player
from bot.stage import Stage
from bot.status import Status
from bot.store import keys, migrate, session
from bot.store.owner import owning
from bot.store.transaction import Transaction
from bot.store.writer import Claim, Writer

logger = logging.getLogger(__name__)


def load_sops(settings: Settings) -> Loaded:
    return sops_loader(settings)()


def sops_loader(settings: Settings) -> Loader:
    return Loader(settings.sops, settings.templates, collect(settings.kinds))


def needed(loaded: Loaded) -> SopSet:
    """The SOPs; without ``community.yaml`` there are none, and nothing can run."""
    if loaded.sops is None:
        raise ConfigError(["SOP 没法装载，请先改好这些（bot check 可以再查）：", *map(str, loaded.problems)])
    return loaded.sops


def _new_code() -> str:
    """What is said to confirm a command: four digits, the first no 0."""
    return str(1000 + secrets.randbelow(9000))


def _new_letters(count: int = invites.LENGTH) -> str:
    return "".join(secrets.choice(invites.LETTERS) for _ in range(count))


def build_runtime(
    sops: SopSet,
    channel: Channel,
    writer: Writer,
    clock: Clock,
    *,
    account: str,
    pace: Pace,
    status: Status,
    media: Path | None = None,
    foresee: Foresee | None = None,
    load: Load | None = None,
    new_code: Callable[[], str] = _new_code,
    new_invite: Callable[[], str] = _new_letters,
    phone_key: bytes | None = None,
    files: Path | None = None,
    lost_after: timedelta = LOST_AFTER,
) -> Runtime:
    """A runtime of these parts, ready to ``run``; pictures are fetched into ``media``, or not at all."""
    pipeline = build_pipeline(
        sops,
        account,
        f"{channel.name}:{account}",
        status,
        foresee,
        new_code=new_code,
        new_invite=new_invite,
        phone_key=phone_key,
        files=files,
        can_call_everybody=channel.capabilities.mention_all,
    )
    return Runtime(
        account=account,
        channel=channel,
        pipeline=pipeline,
        writer=writer,
        clock=clock,
        pace=pace,
        media=media,
        load=load,
        lost_after=lost_after,
    )


def build_pipeline(
    sops: SopSet,
    account: str,
    source: str,
    status: Status,
    foresee: Foresee | None = None,
    *,
    new_code: Callable[[], str] = _new_code,
    new_invite: Callable[[], str] = _new_letters,
    can_call_everybody: bool = False,
    phone_key: bytes | None = None,
    files: Path | None = None,
) -> Pipeline:
    """What ``account`` does about what it hears; ``source`` names it in the log."""
    player = Player(account, sops, Index(sops))
    left_out = [str(problem) for problem in sops.left_out]
    desk = CommandDesk(
        account,
        source,
        sops,
        player,
        all_commands(sops.kinds),
        status,
        new_code,
        new_invite,
        foresee,
        left_out,
        can_call_everybody,
        phone_key,
        files,
    )
    return Pipeline(desk, player)


def all_commands(kinds: Kinds) -> Commands:
    """The core's commands and those of the kinds."""
    of_kinds = [command for kind in kinds.values() for command in kind.commands]
    topics = (
        *(basic, health, confirm, outbox, calendar, rooms, room_settings, sops, announce),
        *(restraints, why, people, members, tags, identities, standing, benefits, audit, contact, rights),
        *(audiences, complaints, report, word_of_mouth, thanks),
    )
    return Commands([*(it for topic in topics for it in topic.COMMANDS), *of_kinds])


def open_database(url: str) -> Engine:
    """The database, migrated to what this program needs."""
    engine = session.open_engine(url)
    if session.is_in_memory(engine.url):
        raise StoreError("DATABASE_URL 要写明数据库文件，例如 sqlite:///data/bot.db")
    try:
        session.check(engine)
        migrate.upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


async def run(settings: Settings, *, claim_code: bool = False, foresee: Foresee | None = None) -> None:
    """``bot run``: the real clock, the channel of the settings, until SIGTERM or the end of input.

    ``claim_code``: make an admin by it though there is one, whom the platform may call something else now.
    """
    with owning(settings.database_url, settings.account) as claim:
        await _run(settings, claim, claim_code, foresee)


async def _run(settings: Settings, claim: Claim, claim_code: bool, foresee: Foresee | None) -> None:
    load = sops_loader(settings)
    sop_set = needed(load())
    tell_left_out(sop_set)
    status = Status()
    clock = SystemClock()
    stage = Stage(clock, sop_set.community.zone)
    channel = _channel(settings, stage, sop_set)
    writer = Writer(open_database(settings.database_url), claim, apart=True)
    runtime = build_runtime(
        sop_set,
        channel,
        writer,
        clock,
        account=settings.account,
        pace=pace_of(settings),
        status=status,
        media=settings.media,
        foresee=foresee,
        load=load,
        lost_after=settings.lost_after,
        phone_key=phone_key_of(settings),
        files=files_of(settings),
    )
    stage.attach(runtime)
    gc.freeze()  # what is there now stays: to look through it for garbage would hold everybody up for 0.1 s
    try:
        with stopped_by_signals(runtime):
            offer = partial(_offer_claim, writer, clock.now(), runtime.pipeline.desk, always=claim_code)
            await writer.run(offer)
            await writer.run(partial(stay_forgotten, writer, clock.now(), settings))
            async with watched(settings, runtime), _taking_in(settings, runtime, clock):
                await runtime.run()
    finally:
        writer.close()
        writer.engine.dispose()


@asynccontextmanager
async def watched(settings: Settings, runtime: Runtime) -> AsyncIterator[None]:
    """What is saved in the folders meanwhile is live at once."""
    from bot.watch import watch  # here, because importing it takes 40 ms

    watching = asyncio.create_task(watch([settings.sops, settings.templates], runtime.reload))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@asynccontextmanager
async def _taking_in(settings: Settings, runtime: Runtime, clock: Clock) -> AsyncIterator[None]:
    """Other systems may post meanwhile, where that is set."""
    if not settings.ingest_port:
        yield
        return
    from bot.intake import Intake, served  # half a second, for those who want it

    zone, key = runtime.pipeline.desk.sops.community.zone, runtime.pipeline.desk.phone_key
    intake = Intake(settings.ingest_secret, zone, key, clock.now, runtime.ask_core)
    async with served(intake, settings.ingest_host, settings.ingest_port):
        yield


@contextmanager
def stopped_by_signals(runtime: Runtime) -> Iterator[None]:
    """SIGTERM and Ctrl-C end it in order, also where it has not begun to run."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runtime.stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _channel(settings: Settings, stage: Stage, sop_set: SopSet) -> Channel:
    if settings.channel == "console":
        return console(stage, sop_set)
    from bot.channels.wechaty import WechatyChannel  # here, because importing it takes 60 ms

    return WechatyChannel(
        settings.endpoint, settings.token, account=settings.account, allow_insecure=settings.allow_insecure
    )


def console(stage: Stage, sop_set: SopSet) -> ConsoleChannel:
    return ConsoleChannel(stage, bot_name=sop_set.community.bot.name, room_title=room_title(sop_set))


def room_title(sop_set: SopSet) -> str:
    return f"{sop_set.community.name}·{sop_set.community.rooms[0]}"


def pace_of(settings: Settings) -> Pace:
    return Pace(settings.account_gap, settings.jitter, settings.room_gap, settings.day_cap)


def phone_key_of(settings: Settings) -> bytes | None:
    """The setting's, else that of the file beside the database."""
    return settings.phone_key.encode() or keys.beside(settings.database_url)


def files_of(settings: Settings) -> Path:
    """Where files for members lie for a while, and who was forgotten for good."""
    return settings.media.parent / "rights"


def stay_forgotten(writer: Writer, now: datetime, settings: Settings) -> int:
    """Nobody comes back with a backup, however it was restored; gives how many accounts had."""
    with writer.transaction(now) as tx:
        again = due.apply_file(tx, phone_key_of(settings), Folder(files_of(settings)))
    if again:
        due.shrink_log(writer.engine.url)
    return again


def zone_of(settings: Settings) -> ZoneInfo:
    """The community's time zone."""
    return needed(load_sops(settings)).community.zone


def tell_left_out(sops: SopSet) -> None:
    for problem in sops.left_out:
        logger.warning("left out: %s", problem)


def _offer_claim(writer: Writer, now: datetime, desk: CommandDesk, *, always: bool) -> None:
    """While this account knows no admin (or ``always``), print the code that makes one."""
    with writer.transaction(now) as tx:
        if roles.has_admin(tx, desk.source) and not always:
            return
    desk.status.claim_code = _new_letters(8)
    print(f"claim code: {desk.status.claim_code}", file=sys.stderr, flush=True)  # noqa: T201


def furnish(
    tx: Transaction,
    pipeline: Pipeline,
    chats: Mapping[str, Chat],
    admins: Sequence[Person],
    others: Mapping[Person, str] | None = None,
) -> dict[str, Room]:
    """Enable ``chats`` by their keys and give roles, without a word: how demo and scenarios begin."""
    for seen, role in [*((admin, roles.ADMIN) for admin in admins), *(others or {}).items()]:
        person = directory.meet(tx, pipeline.desk.source, [seen])[seen.id]
        roles.give(tx, person.member_id, role, given_by=None)
    return {key: directory.bind_room(tx, pipeline.desk.account, chat, key) for key, chat in chats.items()}
