"""The file format of scenarios.

    scenario: 图片和文字分开发，算一次打卡
    sops: [dinner-table]                  # left out: all
    admins: [管]                          # left out: nobody
    roles: {林: 营养师}                   # left out: nobody has any
    rooms: [会员1群]                      # enabled from the start; left out: 会员1群
    begins: 2026-11-30 09:00              # left out: this
    talk:
      - {at: 周二 18:30, who: 甲, image: dinner.jpg}
      - {after: 1m, who: 甲, say: "#我的原野餐桌# 今天的番茄"}
      - {after: 30m, bot: /今晚1桌/}      # /…/ is searched for, anything else must be part of the message
      - {reload: {sops/dinner-table.yaml: {"gather: 30m": "gather: 2h"}}}
    expect: {challenge_entered: 1}

``at`` is the next such moment (or still the same), ``after`` counts from the line before; a line without
either follows at once.
A bot's line takes the next message that the bot sent; one that no line takes fails the scenario.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.errors import ScenarioError
from bot.events import MessageKind
from bot.scenario.folder import Change, check_name
from bot.sop import yaml_reader
from bot.sop.problems import Mistake, closest
from bot.sop.schedule import parse_duration, parse_moment
from bot.sop.validation import validate

_TALK = ("say", "image", "voice", "sticker", "sends", "private", "recall")
OF_THE_HOUSE = {"renumbered", "stop", "restart", "reload"}
"""Acts that change what the bot runs on; nobody need do them."""
ACTS = (*_TALK, "join", "leave", "befriend", "removed", *sorted(OF_THE_HOUSE), "bot")
_NOBODYS = {*OF_THE_HOUSE, "bot"}
RELOAD = "/重新装载"
PAT = "拍一拍"
US = "我们"
"""Who types by hand at the bot's own account."""
SENT = {
    "视频": MessageKind.VIDEO,
    "文件": MessageKind.FILE,
    "聊天记录": MessageKind.CHAT_HISTORY,
    "链接": MessageKind.LINK,
    "小程序": MessageKind.MINI_PROGRAM,
    "视频号": MessageKind.POST,
    "名片": MessageKind.CONTACT,
    "位置": MessageKind.LOCATION,
    "红包": MessageKind.RED_PACKET,
    "转账": MessageKind.TRANSFER,
    "群公告": MessageKind.GROUP_NOTE,
}
"""What can be sent beside words, pictures, voice and stickers."""


BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=400)


def pattern_of(words: str) -> str:
    """What is searched for in a message: the inside of ``/…/``, or the words themselves."""
    is_pattern = len(words) > 1 and words[0] == words[-1] == "/"
    return words[1:-1] if is_pattern else re.escape(words)


class Line(BaseModel):
    """One line of the talk: a moment, and at most one act (none: time passes).

    ``say`` may go with ``quote`` (the text that is quoted; ``quote_of`` whose it is) and ``mention`` (of the
    bot); in ``private`` all that can be said is said by ``private`` (words) or by ``privately: true``.
    ``image`` is a file name or several, each time another picture unless the name begins with ``same-``;
    ``join`` may name several people, and go with ``inviter``;
    ``befriend``: ``who`` and the bot become friends; ``sends`` is one of ``SENT``, or 拍一拍 (of the bot);
    ``recall: 1`` takes back one's last message, ``2`` the one before. ``late`` delivers the event that much
    after it happened. ``removed``:
    ``who`` removes the bot from the room. ``renumbered``: the platform has another id for ``who`` from now
    on, or for ``room`` where nobody is named. ``stop`` ends the bot's process, ``restart`` begins it again.
    ``reload`` changes files (``sops/…``, ``templates/…``): words into other words, the whole text, or nothing
    (``null``: the file is gone). They are read anew as when they are saved, or because ``who`` types it.
    Of a bot's line, ``private`` is whom it writes to, else it speaks in ``room``. ``who: 我们`` is a human at
    the bot's account.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    at: str | None = None
    after: str | None = None
    who: str | None = None
    room: str = "会员1群"
    late: str | None = None
    say: str | None = None
    quote: str | None = None
    quote_of: str | None = None
    mention: bool = False
    privately: bool = False
    inviter: str | None = None
    image: str | list[str] | None = None
    voice: str | None = None
    sticker: str | None = None
    sends: str | None = None
    private: str | None = None
    recall: int | None = Field(default=None, ge=1)
    join: bool | list[str] = False
    befriend: bool = False
    leave: bool = False
    removed: bool = False
    renumbered: bool = False
    stop: bool = False
    restart: bool = False
    reload: dict[str, Change] | None = None
    bot: str | None = None

    @model_validator(mode="after")
    def _one_act(self) -> Line:
        acts = self.acts - ({"private"} if self.bot is not None else set())
        if len(acts) > 1:
            raise Mistake(f"一行只能有一件事，这里有 {'、'.join(sorted(acts))}")
        if acts - _NOBODYS and not self.who and not isinstance(self.join, list):
            raise Mistake("缺少 who：这句话是谁说的")
        return self

    @field_validator("bot")
    @classmethod
    def _is_pattern(cls, words: str | None) -> str | None:
        try:
            re.compile(pattern_of(words or ""))
        except re.error as error:
            raise Mistake(f"/…/ 里的正则写错了：{error}") from None
        return words

    @field_validator("sends")
    @classmethod
    def _can_be_sent(cls, what: str | None) -> str | None:
        if what is not None and what not in (*SENT, PAT):
            raise Mistake(
                f"sends 里没有“{what}”，可以写 {'、'.join((*SENT, PAT))}", closest(what, (*SENT, PAT))
            )
        return what

    @field_validator("reload")
    @classmethod
    def _are_files(cls, changes: dict[str, Change] | None) -> dict[str, Change] | None:
        for name in changes or ():
            check_name(name)
        return changes

    @field_validator("at")
    @classmethod
    def _is_time(cls, words: str | None) -> str | None:
        if words is not None:
            parse_moment(words, BEGINNING, ZoneInfo("UTC"))
        return words

    @field_validator("after", "late")
    @classmethod
    def _is_duration(cls, words: str | None) -> str | None:
        if words is not None and parse_duration(words) > LONGEST:
            raise Mistake("一次最多过 400 天", "400d")
        return words

    @property
    def acts(self) -> set[str]:
        """The names of what happens in this line."""
        return {name for name in ACTS if getattr(self, name) not in (None, False)}

    def moment(self, before: datetime, now: datetime, zone: ZoneInfo) -> datetime:
        """When it happens; ``before`` is the moment of the line before, ``now`` what the clock says."""
        if self.at is not None:
            return parse_moment(self.at, before - timedelta(seconds=1), zone)
        return before + parse_duration(self.after) if self.after is not None else max(before, now)

    @property
    def delay(self) -> timedelta:
        return timedelta(0) if self.late is None else parse_duration(self.late)


class Script(BaseModel):
    """A scenario file; ``lines`` are the file's line numbers of ``talk``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    scenario: str
    sops: list[str] | None = None
    admins: list[str] = []
    roles: dict[str, str] = {}
    rooms: list[str] = ["会员1群"]
    begins: str = "2026-11-30 09:00"
    talk: list[Line]
    expect: dict[str, int] = {}
    _lines: list[int] = []

    @field_validator("begins")
    @classmethod
    def _is_moment(cls, begins: str) -> str:
        try:
            datetime.fromisoformat(begins)
        except ValueError:
            raise Mistake(f"看不懂从什么时候开始：“{begins}”", "2026-11-30 09:00") from None
        return begins

    @property
    def lines(self) -> list[int]:
        return self._lines

    @property
    def reloads(self) -> bool:
        return any(line.reload is not None for line in self.talk)


def read(path: Path) -> Script:
    """Read a scenario file; raises ``ScenarioError`` with every problem, each with its place."""
    document = yaml_reader.read(path, str(path))
    script, wrong = (None, []) if document.is_lost else validate(Script, document)
    problems = [*document.problems, *wrong]
    if script is None or problems:
        raise ScenarioError("\n".join(map(str, problems)))
    script._lines.extend(document.where(("talk", number))[0] for number in range(len(script.talk)))
    return script
