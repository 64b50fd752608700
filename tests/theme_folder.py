"""Theme days that tests write themselves, played by a listener."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import app
from bot.sop import loader
from bot.sop.kinds import collect
from bot.sop.loader import Loaded
from bot.status import Status
from bot.store.tables import outgoing
from bot.store.writer import Writer
from tests.listener import ACCOUNT, SOURCE, Listener

ROOT = Path(__file__).parents[1]
SHANGHAI = ZoneInfo("Asia/Shanghai")
HEAD = """sop: theme_day
id: {id}
name: 一天
rooms: 会员1群
"""
POST = "post: {shelf: 溯源故事, template: origin_story.j2}\n"


@dataclass(frozen=True)
class Folder:
    """The community of the samples with their templates, and the SOPs that a test writes."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Folder:
        (path / "sops").mkdir()
        shutil.copy(ROOT / "sops" / "community.yaml", path / "sops")
        shutil.copytree(ROOT / "templates", path / "templates")
        return cls(path)

    def load(self, text: str, id: str = "day") -> Loaded:
        """What the folder says with one SOP more, or with another text of the one with this id."""
        (self.path / "sops" / f"{id}.yaml").write_text(HEAD.format(id=id) + text, encoding="utf-8")
        return self._loaded()

    def without(self, id: str = "day") -> Loaded:
        """What it says once a SOP is gone."""
        (self.path / "sops" / f"{id}.yaml").unlink()
        return self._loaded()

    def _loaded(self) -> Loaded:
        return loader.load(self.path / "sops", self.path / "templates", collect())

    def problems(self, text: str) -> list[str]:
        return [str(problem) for problem in self.load(text).problems]


def listen(writer: Writer, loaded: Loaded, begins: str) -> Listener:
    assert not loaded.problems
    assert loaded.sops is not None
    listener = Listener(writer, loaded.sops)
    listener.now = moment(begins)
    listener.restart()
    return listener


def reload(listener: Listener, loaded: Loaded) -> None:
    """Another process begins, with the SOPs as they are by now."""
    assert not loaded.problems
    assert loaded.sops is not None
    listener.sops = loaded.sops
    listener.pipeline = app.build_pipeline(loaded.sops, ACCOUNT, SOURCE, Status())
    listener.restart()


def moment(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


def play(listener: Listener, until: str) -> list[str]:
    """Ring every ten minutes; gives when something was posted."""
    while listener.now < moment(until):
        listener.tick(timedelta(minutes=10))
    moments = sorted({row["queued_at"] for row in listener.rows(outgoing)})
    return [f"{queued.astimezone(SHANGHAI):%m-%d %H:%M}" for queued in moments]
