"""Reads the SOPs anew while the bot runs: when that is asked for, and when their files change.

An edge like the fetcher. It reads off the core's thread, and the core takes the whole set or nothing, in the
transaction in which the schedules follow it. One reading follows the other, so that the latest stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.pipeline import Pipeline
from bot.sop import operators
from bot.sop.loader import Loaded, SopSet
from bot.store import failures
from bot.store.transaction import AskCore, Transaction, WhenReloaded

logger = logging.getLogger(__name__)

Load = Callable[[], Loaded]
MOST_SHOWN = 3


class Home(Protocol):
    """Whose pipeline is put in the place of another; on the core's thread alone."""

    pipeline: Pipeline


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
            except Exception as error:
                failed = error  # the name of an except clause is gone after it
                await self._ask_core(lambda tx: failures.record(tx, "reloading", failed))
                return
            await self._ask_core(lambda tx: take(tx, answers))

    def _read(self) -> Callable[[Transaction, Sequence[WhenReloaded]], None]:
        if self._load is None:
            return lambda tx, answers: _tell(tx, answers, "这里没有可以重新装载的文件夹。")
        loaded = self._load()
        if loaded.sops is None or loaded.problems:
            return lambda tx, answers: self._keep(tx, loaded, answers)
        made = self._home.pipeline.with_sops(loaded.sops)
        return lambda tx, answers: self._take(tx, made, answers)

    def _take(self, tx: Transaction, made: Pipeline, answers: Sequence[WhenReloaded]) -> None:
        words = difference(self._home.pipeline.desk.sops, made.desk.sops)
        made.start(tx)
        tx.queued = True  # the guard's rules may be others now
        self._home.pipeline = made
        logger.info("reloaded %s", words)
        _tell(tx, answers, f"装好了：{words}，一共{len(made.desk.sops.declared)}个 SOP。")

    def _keep(self, tx: Transaction, loaded: Loaded, answers: Sequence[WhenReloaded]) -> None:
        """Something is broken: all stays as it was, and that is told once for each way of being broken."""
        told = [str(problem) for problem in loaded.problems]
        pipeline = self._home.pipeline
        words = "\n".join([f"没有装，照旧用原来的。有{len(told)}处要改：", *told[:MOST_SHOWN]])
        if not answers and list(pipeline.desk.problems) != told:
            community, account = pipeline.desk.sops.community, pipeline.desk.account
            operators.alert(tx, community.operators, account, words, f"reload:{tx.new_id()}")
        self._home.pipeline = replace(pipeline, desk=replace(pipeline.desk, problems=told))
        logger.warning("not reloaded, %d problems: %s", len(told), told[0])
        _tell(tx, answers, words)


def _tell(tx: Transaction, answers: Sequence[WhenReloaded], words: str) -> None:
    for answer in answers:
        answer(tx, words)


def difference(old: SopSet, new: SopSet) -> str:
    """``+2 ~1 -0``: SOPs that came, are others now, and went."""
    before, after = old.source, new.source
    changed = sum(before[id].hash != after[id].hash for id in before.keys() & after.keys())
    return f"+{len(after.keys() - before.keys())} ~{changed} -{len(before.keys() - after.keys())}"
