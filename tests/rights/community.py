"""A community that talks, one of whom bears a mark in all that they say and are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from bot.events import (
    Chat,
    FriendMade,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
)
from bot.nightly.refresh import everything
from bot.scenario.world import World
from bot.store.figures import standing
from bot.store.tables import identity, metadata
from tests.builders import BOSS, ROOM

MARK = "zqxwv"
MARKED = Person(f"id-{MARK}", f"小{MARK}", alias=f"饭友{MARK}")
OTHERS = (Person("qing", "阿青"), Person("zhou", "老周"))
PEOPLE = (MARKED, *OTHERS)
SECOND = Person("second", "小号")
"""Another account of theirs, of which nobody knows at first."""
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Community:
    """What people do in a world, one act after the other, some minutes apart."""

    world: World
    said: dict[str, list[MessageReceived]] = field(default_factory=dict)
    count: int = 0

    async def act(self, who: Person, act: str) -> None:
        self.count += 1
        await self.world.move_to(self.world.clock.now() + 3 * MINUTE)
        await getattr(self, f"_{act}")(who)

    def words(self, who: Person, words: str) -> str:
        """Each says something else, and who bears the mark says it."""
        return f"{words}{self.count}{MARK if who is MARKED else ''}"

    async def say(self, who: Person, text: str, *, private: bool = False, **more: Any) -> None:
        chat: Chat | None = None if private else ROOM
        message = MessageReceived(
            self.world.channel.next_id(), who, self.world.clock.now(), chat=chat, text=text, **more
        )
        self.said.setdefault(who.id, []).append(message)
        await self.world.happen(message)
        await self.world.pictures_are_here()

    # --- acts ---

    async def _say(self, who: Person) -> None:
        await self.say(who, self.words(who, "今天的菜真好吃呀"))

    async def _ask(self, who: Person) -> None:
        await self.say(who, f"提问：{self.words(who, '羽衣甘蓝要焯水吗')}")

    async def _answer(self, who: Person) -> None:
        await self.say(who, f"1 {self.words(who, '焯二十秒就好了呀')}")

    async def _thank(self, who: Person) -> None:
        await self.say(who, f"谢谢{self.words(who, '，学会了')}")

    async def _table(self, who: Person) -> None:
        await self.say(who, f"#我的原野餐桌# {self.words(who, '番茄牛腩，孩子吃了两碗')}")

    async def _picture(self, who: Person) -> None:
        name = f"{self.words(who, 'dinner')}.jpg"
        await self.say(who, "", kind=MessageKind.IMAGE, media=(Media(name, name),))

    async def _complain(self, who: Person) -> None:
        await self.say(who, self.words(who, "收到的番茄坏了，要退款"))

    async def _phone(self, who: Person) -> None:
        await self.say(who, f"/手机 1380000{1000 + PEOPLE.index(who)}", private=True)

    async def _survey(self, who: Person) -> None:
        for text in ("好", "1", "1", self.words(who, "想学做饭")):
            await self.say(who, text, private=True)

    async def _recall(self, who: Person) -> None:
        if self.said.get(who.id):
            last = self.said[who.id].pop()
            id, now = self.world.channel.next_id(), self.world.clock.now()
            await self.world.happen(MessageRecalled(id, last.id, who, now, last.chat))

    async def _leave(self, who: Person) -> None:
        id, now = self.world.channel.next_id(), self.world.clock.now()
        await self.world.happen(MembersLeft(id, ROOM, (who,), now))

    async def _join(self, who: Person) -> None:
        id, now = self.world.channel.next_id(), self.world.clock.now()
        await self.world.happen(MembersJoined(id, ROOM, (who,), now, OTHERS[0]))

    async def _befriend(self, who: Person) -> None:
        now = self.world.clock.now()
        await self.world.happen(FriendMade(f"friend-{who.id}", who, now))

    async def _note(self, who: Person) -> None:
        await self.say(BOSS, f"/备注 {who.name} {self.words(who, '坏果已补发')}", private=True)

    async def _show(self, who: Person) -> None:
        await self.say(BOSS, f"/成员 {who.name}", private=True)

    async def _code(self, who: Person) -> None:
        await self.say(who, "我的邀请码", private=True)

    async def _brought(self, who: Person) -> None:
        """By the first code of this world, whosever that is."""
        await self.say(who, "邀请码 CHANAA", private=True)

    async def _quiet(self, who: Person) -> None:
        await self.say(who, "别@我", private=True)

    async def _impersonal(self, who: Person) -> None:
        await self.say(who, "关闭个性化", private=True)

    async def _data(self, who: Person) -> None:
        await self.say(who, "我的数据", private=True)

    async def _merge(self, who: Person) -> None:
        reason = self.words(who, "同一个人")
        await self.say(BOSS, f"/合并 {MARKED.name} {SECOND.name} {reason} 确定", private=True)

    async def _mention(self, who: Person) -> None:
        if who is not MARKED:
            await self.say(who, f"@{MARKED.alias}\u2005 你家这道菜怎么做的")

    async def _ask_of(self, who: Person) -> None:
        if who is not MARKED:
            await self.say(who, f"提问：@{MARKED.alias}\u2005 说的羽衣甘蓝要焯水吗")

    # --- what is held ---

    async def forget(self) -> None:
        await self.say(MARKED, "忘记我", private=True)
        code = self.world.sent[-1][1].text.split("忘记 ")[-1][:4]
        await self.say(MARKED, f"忘记 {code}", private=True)
        await self.world.move_to(self.world.clock.now() + 5 * MINUTE)


ACTS = tuple(name[1:] for name in vars(Community) if re.match("_[a-z]", name))


def figures(connection: Connection, world: World, people: tuple[Person, ...]) -> Any:
    """What the log and the levels come to for these."""
    ids = [person.id for person in people]
    rows = connection.execute(select(identity).where(identity.c.external_id.in_(ids))).all()
    mine, members = {row.id for row in rows}, {row.member_id for row in rows}
    assert world.sops.scoring is not None
    found = everything(connection, world.sops.scoring, world.sops.community.zone)
    stands = connection.execute(select(standing).where(standing.c.member_id.in_(members)))
    return [day for day in found if day.identity_id in mine], sorted(map(tuple, stands))


def dump(connection: Connection) -> dict[str, str]:
    """All that stands in the tables, by table."""
    return {
        table.name: repr([tuple(row) for row in connection.execute(select(table))])
        for table in metadata.sorted_tables
    }


THURSDAY = datetime.fromisoformat("2026-12-03T13:00+08:00")
