"""The community that everything is measured in: 10 rooms, 500 members, a folder of SOPs, a day's talk."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from bot import app
from bot.__main__ import SELDOM
from bot.events import Chat, MessageReceived, Person
from bot.pipeline import Pipeline
from bot.runtime import BATCH
from bot.sop.kinds import collect
from bot.sop.loader import SopSet, load
from bot.status import Status
from bot.store.writer import Writer

NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
ROOMS, MEMBERS = 10, 500
ANSWERED_EVERY = 20
"""One message in so many is answered: 5 %."""
ACCOUNT = "bench"
_KINDS = Path(__file__).parent / "kinds"
KEYS = [f"会员{n}群" for n in range(ROOMS)]
_CHATS = [Chat(f"room-{n}", key) for n, key in enumerate(KEYS)]
_PEOPLE = [Person(f"person-{n}", f"会员{n:03}") for n in range(MEMBERS)]
_WORDS = ("今天做了番茄牛腩，孩子说好吃，下次还做", "这批米煮粥特别香", "周末有人去农场吗，想带老人一起")


class Answered(StrEnum):
    """What the messages are that are answered."""

    HASHTAG = "hashtag"
    COMMAND = "command"


_TAGS = """
values: {社区互助: {words: [互助], acts: [answer_given, answer_thanked]}, 烹饪热情: {acts: [ugc_submitted]}}
interests: {番茄: [番茄, 西红柿], 粥: [粥, 煮粥], 农场: [农场, 采摘], 咖啡: [咖啡], 烘焙: [烘焙, 面包]}
contribution: {参与: 常来常往, 创作: 爱动手, 互助: 热心肠}
"""


def sops(folder: Path, count: int) -> SopSet:
    """``count`` SOPs, each with a hashtag of its own, written to ``folder`` and loaded as always."""
    files, templates = folder / f"sops-{count}", folder / f"templates-{count}"
    for path in (files, templates):
        path.mkdir()
    (files / "community.yaml").write_text(
        f"name: 原野\nmission: 在一起\nrooms: [{', '.join(KEYS)}]\n", "utf-8"
    )
    (files / "tags.yaml").write_text(_TAGS, "utf-8")
    (templates / "privacy_notice.j2").write_text("大家好。", "utf-8")
    (templates / "complaint_reply.j2").write_text("看到了。", "utf-8")
    (templates / "answer.j2").write_text("{{ name }}，收到你的话题了。", "utf-8")
    for n in range(count):
        text = f"sop: answering\nid: answer-{n}\nname: 回话{n}\ntag: {_tag(n)}\n"
        (files / f"{n}.yaml").write_text(text, "utf-8")
    return app.needed(load(files, templates, collect(_KINDS)))


def _tag(n: int) -> str:
    return f"话题{n:04}"


def messages(count: int, tags: int, answered: Answered, first: int = 0) -> list[MessageReceived]:
    """``count`` messages by all members in turn, in all rooms in turn; the tags in turn, too."""
    return [_message(n, tags, answered) for n in range(first, first + count)]


def _message(n: int, tags: int, answered: Answered) -> MessageReceived:
    # 7 and 500 have no common divisor, so that everyone comes into every room.
    person, chat = _PEOPLE[n * 7 % MEMBERS], _CHATS[n // MEMBERS % ROOMS]
    return MessageReceived(f"m{n}", person, NOW, chat=chat, text=_text(n, tags, answered))


def _text(n: int, tags: int, answered: Answered) -> str:
    words = f"{_WORDS[n % len(_WORDS)]} {n}"
    if n % ANSWERED_EVERY:
        return words
    return "/回话" if answered is Answered.COMMAND else f"#{_tag(n // ANSWERED_EVERY % tags)}# {words}"


@dataclass(frozen=True, slots=True)
class World:
    """A database with the rooms enabled and all members known in them, and the pipeline that writes it."""

    pipeline: Pipeline
    writer: Writer

    def take(self, events: list[MessageReceived]) -> None:
        """Record and answer the events as the runtime does under load: a transaction for each full batch."""
        for batch in batches(events):
            with self.writer.transaction(NOW) as tx:
                self.pipeline.process(tx, batch)


def batches(events: list[MessageReceived]) -> Iterator[list[MessageReceived]]:
    return (events[at : at + BATCH] for at in range(0, len(events), BATCH))


def sqlite(database: Path) -> str:
    return f"sqlite:///{database}"


def open_world(url: str, sop_set: SopSet) -> World:
    """A new database, in which everybody has spoken once in every room."""
    writer = Writer(app.open_database(url))
    pipeline = app.build_pipeline(sop_set, ACCOUNT, f"fake:{ACCOUNT}", Status())
    world = World(pipeline, writer)
    furnish(world)
    return world


def furnish(world: World) -> None:
    with world.writer.transaction(NOW) as tx:
        app.furnish(tx, world.pipeline, {chat.title: chat for chat in _CHATS}, _PEOPLE[:1])
        world.pipeline.start(tx)
    world.take([_greeting(n) for n in range(ROOMS * MEMBERS)])


def _greeting(n: int) -> MessageReceived:
    person, chat = _PEOPLE[n % MEMBERS], _CHATS[n // MEMBERS]
    return MessageReceived(f"greeting-{n}", person, NOW, chat=chat, text="大家早上好呀，我来了")


def as_in_bot_run() -> None:
    """The garbage collector as ``bot run`` sets it once all is there: it looks seldom, and at what is new."""
    gc.set_threshold(SELDOM)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
