"""One account, one process: ``bot run`` twice on one database, killed, and cut off from it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.postgres import Server

COMMUNITY = "name: 原野之味\nmission: 一起吃饭。\nrooms: [会员1群]\n"


class Process:
    """``bot run`` in a pipe; ``said`` is all that it wrote to stderr."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "WECHATY_"))
        }
        self._environment = {**ours, "PYTHONPATH": str(ROOT), "DATABASE_URL": url}
        self.said = ""

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            stdin=pipe,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=pipe,
            cwd=self._folder,
            env=self._environment,
        )

    async def wait_for(self, words: str) -> None:
        async with asyncio.timeout(20):
            while words not in self.said:
                line = (await self._stderr.readline()).decode()
                assert line, f"it ended:\n{self.said}"
                self.said += line

    async def run(self) -> None:
        """Start, and wait until it works."""
        await self.start()
        await self.wait_for("link up")

    async def ended(self) -> int:
        """Wait for its end; gives the exit code."""
        async with asyncio.timeout(20):
            self.said += (await self._stderr.read()).decode()
            return await self._process.wait()

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def send_signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def _stderr(self) -> asyncio.StreamReader:
        assert self._process.stderr is not None
        return self._process.stderr


NewProcess = Callable[[str], Process]


@pytest.fixture
async def new_process(tmp_path: Path) -> AsyncIterator[NewProcess]:
    """Makes processes of the same account on a database, not started yet."""
    (tmp_path / "sops").mkdir()
    (tmp_path / "sops" / "community.yaml").write_text(COMMUNITY, encoding="utf-8")
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    made: list[Process] = []

    def make(url: str) -> Process:
        made.append(Process(tmp_path, url))
        return made[-1]

    yield make
    for process in made:
        process.kill()
        await process.ended()


def told(who: Process) -> re.Pattern[str]:
    return re.compile(f"^Error: 账号 main 正由另一个进程在跑（进程号 {who.pid}\\b.*先停掉它", re.MULTILINE)


async def test_a_second_process_says_who_is_first_and_ends(new_process: NewProcess, url: str) -> None:
    first, second = new_process(url), new_process(url)
    await first.run()
    await second.start()
    assert await second.ended() == 1
    assert told(first).search(second.said)


async def test_after_a_sigkill_the_next_process_need_not_wait(new_process: NewProcess, url: str) -> None:
    first, second = new_process(url), new_process(url)
    await first.run()
    first.kill()
    await second.run()


async def test_a_process_that_was_cut_off_from_the_database_ends_once_another_took_over(
    new_process: NewProcess, postgres_url: str, postgres: Server
) -> None:
    first, second = new_process(postgres_url), new_process(postgres_url)
    await first.run()
    first.send_signal(signal.SIGSTOP)
    postgres.end_connections()
    await second.run()
    first.send_signal(signal.SIGCONT)
    first.type("大家好")
    assert await first.ended() == 1
    assert told(second).search(first.said)
    assert "Traceback" not in first.said
