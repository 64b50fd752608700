"""``bot run`` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.gateway.gateway import TOKEN, Gateway

ROOT = Path(__file__).parents[2]
STOPS_WITHIN = 3.0
FAST = {"BOT_GAP_ACCOUNT": "0.1", "BOT_GAP_JITTER": "0", "BOT_GAP_ROOM": "0.1"}


class Bot:
    """``bot run`` as its operator starts it; what it logs is read as it comes."""

    def __init__(self, folder: Path, gateway: Gateway, **settings: str) -> None:
        self.database = folder / "bot.db"
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
            **FAST,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "WECHATY_PUPPET_SERVICE_ENDPOINT": gateway.endpoint,
            "WECHATY_PUPPET_SERVICE_TOKEN": TOKEN,
            **settings,
        }
        self.log: list[str] = []
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._folder,
            env=self._environment,
            stderr=asyncio.subprocess.PIPE,
        )

    async def wait_for(self, words: str, *, after: int = 0, patience: float = 15) -> str:
        """The first log line with ``words``, from line ``after`` on."""
        assert self._process is not None
        assert self._process.stderr is not None
        async with asyncio.timeout(patience):
            while True:
                for line in self.log[after:]:
                    if words in line:
                        return line
                line = (await self._process.stderr.readline()).decode()
                assert line, "it ended:\n" + "".join(self.log)
                self.log.append(line)

    @property
    def lines(self) -> int:
        return len(self.log)

    async def stop(self) -> int:
        """End it as a service manager does; gives the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        _, rest = await asyncio.wait_for(self._process.communicate(), STOPS_WITHIN)
        self.log += (rest or b"").decode().splitlines(keepends=True)
        code = self._process.returncode
        self._process = None
        assert code is not None
        return code

    async def recorded(self, message_id: str) -> None:
        """Wait until a message is in the log."""
        for _ in range(250):
            if self.count(f"interaction where source_id='{message_id}'"):
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"{message_id} was not recorded")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def count(self, query: str) -> int:
        with sqlite3.connect(self.database) as connection:
            return int(connection.execute(f"select count(*) from {query}").fetchone()[0])
