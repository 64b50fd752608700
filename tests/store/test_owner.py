"""One process owns an account, and whoever comes second is told who does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store.owner import owning

HOLD = """
import sys, time
from bot.store.owner import owning
with owning(*sys.argv[1:]):
    print(flush=True)
    time.sleep(60)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file, whose lock it is about."""
    return f"sqlite:///{tmp_path / 'bot.db'}"


def holder(url: str) -> subprocess.Popen[bytes]:
    """Another process that owns ``main``."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, url, "main"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_second_process_is_told_who_holds_the_account(url: str) -> None:
    with holder(url) as other:
        with (
            pytest.raises(StoreError, match=f"账号 main 正由另一个进程在跑（进程号 {other.pid}）"),
            owning(url, "main"),
        ):
            pass
        other.kill()


def test_a_process_that_was_killed_holds_nothing(url: str) -> None:
    with holder(url) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        with owning(url, "main"):
            pass


def test_another_account_is_nobodys(url: str) -> None:
    with owning(url, "main"), owning(url, "second"):
        pass


def test_an_account_is_free_again_after_its_owner(url: str, tmp_path: Path) -> None:
    for _ in range(2):
        with owning(url, "main"):
            assert (tmp_path / "bot.db.main.lock").read_text() == str(os.getpid())


def test_a_url_without_a_file_leaves_no_lock_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with owning("sqlite://", "main"):
        assert list(tmp_path.iterdir()) == []
