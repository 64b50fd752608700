"""Reads the SOPs anew while the bot runs: when that is asked for, and when their files change.

An edge like the fetcher. It reads off the core's thread, and the core takes the whole set or nothing, in the
transaction in which the schedules follow it. One reading follows the other, so that the latest stays.

Nothing is taken of a folder in which something is broken that was not: what the running set had to leave out
already, because it was broken when the bot started, stays left out and keeps nothing else back.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import sleep as _nap
from typing import Protocol

from bot.commands.room_settings import NAMELESS
from bot.outbox import delivery
from bot.people import directory
from bot.pipeline import Pipeline
from bot.sop import operators
from bot.sop.loader import Loaded, Pause, SopSet
from bot.sop.problems import Problem
from bot.store import failures
from bot.store.transaction import AskCore, Transaction, WhenReloaded

logger = logging.getLogger(__name__)

Load = Callable[[Pause], Loaded]
MOST_SHOWN = 3
TURN = 0.0005
"""Seconds for which a reading keeps the interpreter to itself."""
NAP, PATIENCE = 0.001, 0.2
"""Seconds that a reading waits at a time while the core is at work, and in all."""


class Home(Protocol):
    """Whose pipeline is put in the place of another, on the core's thread alone; is it at work?"""

    pipeline: Pipeline

    @property
    def at_work(self) -> bool: ...


class Reloader:
    """Reloads for one account; ``load`` reads the folder, None: there is none to read."""

    def __init__(self, home: Home, ask_core: AskCore, load: Load | None) -> None:
        self._home, self._ask_core, self._load = home, ask_core, load
        self._one_at_a_time = asyncio.Lock()

    async def reload(self, answers: Sequence[WhenReloaded] = ()) -> None:
        """Read, and let the core take it; ``answers`` are told, or the operators if nobody asked."""
        async with self._one_at_a_time:
            try:
                take = await asyncio.to_thread(self._read)
                await self._ask_core(lambda tx: take(tx, answers))
            except Exception as error:
                failed = error  # the name of an except clause is gone after it
                await self._ask_core(lambda tx: self._fail(tx, failed, answers))

    def _read(self) -> Callable[[Transaction, Sequence[WhenReloaded]], None]:
        if self._load is None:
            return lambda tx, answers: _tell(tx, answers, "这里没有可以重新装载的文件夹。")
        with _in_small_turns():
            loaded, running = self._load(_GivesWay(self._home)), self._home.pipeline
        new = [problem for problem in loaded.problems if problem not in running.desk.sops.left_out]
        if loaded.sops is None or new:
            return lambda tx, answers: self._keep(tx, new, answers)
        made = running.with_sops(loaded.sops)
        return lambda tx, answers: self._take(tx, made, answers)

    def _take(self, tx: Transaction, made: Pipeline, answers: Sequence[WhenReloaded]) -> None:
        before = self._home.pipeline.desk.sops
        words = difference(before, made.desk.sops)
        made.start(tx)
        if made.desk.sops.community != before.community:
            delivery.reconsider(tx, made.desk.account)  # the guard's rules may be others now
        self._home.pipeline = made
        logger.info("reloaded %s", words)
        told = [f"装好了：{words}，一共{len(made.desk.sops.declared)}个 SOP。"]
        if left_out := made.desk.problems:
            told += [f"还有{len(left_out)}处没改好，那几份照旧没有用：", *left_out[:MOST_SHOWN]]
        if lost := self._lost_rooms(tx, before, made.desk.sops):
            told.append(f"{'、'.join(lost)} 还开着，{NAMELESS}。")
            if not answers:
                self._alert(tx, told[-1])
        _tell(tx, answers, "\n".join(told))

    def _lost_rooms(self, tx: Transaction, before: SopSet, after: SopSet) -> list[str]:
        """Rooms that are enabled, and were named until now."""
        rooms = directory.rooms_of(tx, self._home.pipeline.desk.account)
        named = before.community.rooms
        return [key for key in directory.nameless(rooms, after.community.rooms) if key in named]

    def _keep(self, tx: Transaction, new: Sequence[Problem], answers: Sequence[WhenReloaded]) -> None:
        """Something is broken that was not before: all stays as it was, which is told once for each way of
        being broken."""
        told = [str(problem) for problem in new]
        desk = self._home.pipeline.desk
        shown = [*map(str, desk.sops.left_out), *told]
        words = "\n".join([f"没有装，照旧用原来的。有{len(told)}处要改：", *told[:MOST_SHOWN]])
        logger.warning("not reloaded, %d problems: %s", len(told), told[0])
        if not answers and list(desk.problems) != shown:
            self._alert(tx, words)
        self._home.pipeline = replace(self._home.pipeline, desk=replace(desk, problems=shown))
        _tell(tx, answers, words)

    def _fail(self, tx: Transaction, error: Exception, answers: Sequence[WhenReloaded]) -> None:
        failures.record(tx, "reloading", error)
        words = "没有装成，照旧用原来的；错误已经记下。"
        if not answers:
            self._alert(tx, words)
        _tell(tx, answers, words)

    def _alert(self, tx: Transaction, words: str) -> None:
        desk = self._home.pipeline.desk
        operators.alert(tx, desk.sops.community.operators, desk.account, words, f"reload:{tx.new_id()}")


@dataclass(slots=True)
class _GivesWay:
    """Lets a reading wait while the core is at work: all threads share one interpreter."""

    home: Home
    left: float = PATIENCE

    def __call__(self) -> None:
        while self.left > 0 and self.home.at_work:
            _nap(NAP)
            self.left -= NAP


@contextmanager
def _in_small_turns() -> Iterator[None]:
    """Let the other threads have the interpreter more often than usual: nobody is to wait for a reading."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _tell(tx: Transaction, answers: Sequence[WhenReloaded], words: str) -> None:
    for answer in answers:
        answer(tx, words)


def difference(old: SopSet, new: SopSet) -> str:
    """``+2 ~1 -0``: SOPs that came, are others now, and went."""
    before, after = old.source, new.source
    changed = sum(before[id].hash != after[id].hash for id in before.keys() & after.keys())
    return f"+{len(after.keys() - before.keys())} ~{changed} -{len(before.keys() - after.keys())}"
