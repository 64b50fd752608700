"""The law of the guard, from end to end: whatever SOPs are written, people and operators do, whatever is
reloaded, lost or restarted, no post leaves against the rules that are in force.

A referee who shares no code with the guard judges what the fake platform was really told to say.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import needed
from bot.channels.fake import Fault
from bot.outbox import guard
from bot.outbox.guard import CHECKS
from bot.outbox.rules import Rule
from bot.scenario.world import World
from bot.sop.kinds import collect
from bot.sop.loader import Loaded, load
from bot.store.tables import interaction, outgoing
from tests.builders import BOSS, MONDAY_9, QING, ROOM, look

ZONE = ZoneInfo("Asia/Shanghai")
KEY = "一群"
DAYS = 12
WEEK, FOUR_WEEKS = timedelta(days=7), timedelta(days=28)
BEGUN = ("give", "ask", "promo")
HOLD, PATIENCE = timedelta(hours=2), timedelta(minutes=20)
MOMENT = timedelta(seconds=1)
"""What is kept in milliseconds ends a little sooner."""
CREDIT = 2
BY_HAND = "今天下午去了地里，把最后一茬萝卜收了上来，个头不大，切开来很水灵，明天跟着菜箱一起寄给大家尝尝。"
_COMMANDS = ("pause", "resume", "quiet", "speak", "stop", "go", "run", "retry", "announce")
_TIMES = ("07:30", "09:00", "10:10", "12:10", "12:40", "14:00", "15:30", "19:30", "21:00", "22:30")


@dataclass
class Rules:
    """What ``community.yaml`` says, as the referee reads it."""

    opens: str = "08:30"
    closes: str = "21:30"
    posts_a_day: int = 2
    posts_a_week: int = 8
    promo_a_week: int = 1
    gives_per_ask: int = 2
    apart: int = 120
    lull: int = 3

    def written(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("posts_a_day", "posts_a_week", "promo_a_week")}
        rest = {"gives_per_ask": self.gives_per_ask, "apart": f"{self.apart}m", "lull": f"{self.lull}m"}
        return {"hours": {"每天": f"{self.opens}-{self.closes}"}, **plain, **rest}


def some_rules(chance: random.Random) -> Rules:
    return Rules(
        opens=chance.choice(("08:30", "09:30")),
        closes=chance.choice(("20:00", "21:30")),
        posts_a_day=chance.choice((1, 2, 3)),
        posts_a_week=chance.choice((3, 5, 8)),
        promo_a_week=chance.choice((0, 1, 2)),
        gives_per_ask=chance.choice((0, 1, 2)),
        apart=chance.choice((60, 120, 240)),
        lull=chance.choice((3, 10)),
    )


@dataclass
class Told:
    """What the referee saw: rules, restraints, complaints, posts by hand and talk, each with its moment."""

    rules: list[tuple[datetime, Rules]] = field(default_factory=list)
    paused: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)
    hushed: list[tuple[datetime, datetime]] = field(default_factory=list)
    stopped: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    complaints: list[datetime] = field(default_factory=list)
    by_hand: list[tuple[datetime, bool]] = field(default_factory=list)
    talk: list[datetime] = field(default_factory=list)


class Play:
    """One community, twelve days, by chance."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance, self.told = folder, random.Random(seed), Told()
        (folder / "sops").mkdir(parents=True)
        (folder / "templates" / "shelves" / "架").mkdir(parents=True)
        for n in range(30):
            shelf = folder / "templates" / "shelves" / "架" / f"{n}.md"
            shelf.write_text(f"---\ntitle: 第{n}篇\n---\n今年的稻子黄了，田里都是蜻蜓。", "utf-8")
        for name, text in (
            ("post.j2", "{{ item.title }}：{{ item.body }}"),
            ("sells.j2", "{{ item.title }} 今天下单有优惠"),
            ("privacy_notice.j2", "大家好。"),
            ("complaint_reply.j2", "看到了。"),
            ("level_up.j2", "恭喜{{ name }}。"),
            ("level_notice.j2", "说一声，{{ name }}。"),
            ("level_down.j2", "{{ name }}。"),
        ):
            (folder / "templates" / name).write_text(text, "utf-8")
        self.ids: list[str] = []

    # --- what is written ---

    def write_rules(self, rules: Rules) -> None:
        community = {"name": "原野", "mission": "在一起", "rooms": [KEY], "guard": rules.written()}
        text = yaml.safe_dump(community, allow_unicode=True)
        (self.folder / "sops" / "community.yaml").write_text(text, "utf-8")

    def write_sop(self) -> None:
        """A theme day every day at some time; one in six says that it gives, and sells."""
        id = f"sop-{len(self.ids)}"
        intent = self.chance.choice(("give", "give", "give", "ask", "promo", "promo"))
        template = "sells.j2" if intent == "promo" or self.chance.random() < 0.17 else "post.j2"
        post = f"{{intent: {intent}, shelf: 架, template: {template}}}"
        text = (
            f"sop: theme_day\nid: {id}\nname: 日子{len(self.ids)}\nevery: 每天 {self.chance.choice(_TIMES)}\n"
        )
        (self.folder / "sops" / f"{id}.yaml").write_text(f"{text}late_after: 5h\npost: {post}\n", "utf-8")
        self.ids.append(id)

    def load(self) -> Loaded:
        return load(self.folder / "sops", self.folder / "templates", collect())

    # --- what happens ---

    async def run(self, url: str) -> World:
        rules = some_rules(self.chance)
        self.write_rules(rules)
        for _ in range(self.chance.randint(3, 6)):
            self.write_sop()
        world = World(needed(self.load()), MONDAY_9, url, load=lambda _pause: self.load())
        self.told.rules.append((MONDAY_9, rules))
        await world.start({KEY: ROOM}, admins=[BOSS])
        for _ in range(self.chance.randint(25, 45)):
            await world.move_to(world.clock.now() + timedelta(minutes=self.chance.randint(5, 2 * DAYS * 24)))
            await self._happen(world)
        return world

    async def _happen(self, world: World) -> None:
        acts = (
            *(self._talk,) * 6,
            *(self._command,) * 5,
            self._by_hand,
            self._complain,
            self._reload,
            self._lose,
            self._restart,
            *(self._talk_before_a_slot,) * 2,
            *(self._hold_back_what_waits,) * 2,
        )
        await self.chance.choice(acts)(world)

    async def _talk(self, world: World) -> None:
        world.channel.say("今天的粥熬得真好", QING, ROOM)
        self.told.talk.append(world.clock.now())
        await world.settle()

    async def _talk_before_a_slot(self, world: World) -> None:
        await self._move_to(world, self.chance.choice(("10:09", "12:09", "13:59", "19:29")))
        await self._talk(world)

    async def _hold_back_what_waits(self, world: World) -> None:
        """A post that waits for the morning, when its SOP is paused or the room hushed."""
        await self._move_to(world, "07:45")
        id, what = self.chance.choice(self.ids), self.chance.choice(("pause", "pause", "quiet"))
        await self._say(world, f"/发SOP {id}")
        now = world.clock.now()
        await self._say(world, f"/暂停 {id} 2天" if what == "pause" else f"/安静 {KEY} 6小时")
        self._note(what, id, now)

    async def _move_to(self, world: World, words: str) -> None:
        """To the next such time of day."""
        local = world.clock.now().astimezone(ZONE)
        at = datetime.combine(local.date(), time.fromisoformat(words), ZONE)
        await world.move_to(at if at > local else at + timedelta(days=1))

    async def _by_hand(self, world: World) -> None:
        sells = self.chance.random() < 0.3
        world.channel.say(BY_HAND + ("现在下单有优惠。" if sells else ""), BOSS, ROOM)
        self.told.by_hand.append((world.clock.now(), sells))
        self.told.talk.append(world.clock.now())
        await world.settle()

    async def _complain(self, world: World) -> None:
        world.channel.say("收到的番茄都发霉了", QING, ROOM)
        self.told.complaints.append(world.clock.now())
        self.told.talk.append(world.clock.now())
        await world.settle()

    async def _command(self, world: World) -> None:
        now, id = world.clock.now(), self.chance.choice(self.ids)
        what = self.chance.choice(
            ("pause", "resume", "quiet", "speak", "stop", "go", "run", "retry", "announce")
        )
        number = next(iter(self.chance.sample(sorted(row["id"] for row in look(world, outgoing)) or [1], 1)))
        await self._say(
            world,
            {
                "pause": f"/暂停 {id} 2天",
                "resume": f"/恢复 {id}",
                "quiet": f"/安静 {KEY} 6小时",
                "speak": f"/安静 {KEY} 结束",
                "stop": "/停发",
                "go": "/恢复发送",
                "run": f"/发SOP {id}",
                "retry": f"/重发 {number} 确定",
                "announce": f"/公告 {KEY} “{BY_HAND}”",
            }[what],
        )
        if what == "announce":
            await self._say(world, "发 4821")
        self._note(what, id, now)

    def _note(self, what: str, id: str, now: datetime) -> None:
        told = self.told
        match what:
            case "pause":
                told.paused = [*self._lifted(id, now), (id, now, now + timedelta(days=2))]
            case "resume":
                told.paused = self._lifted(id, now)
            case "quiet":
                told.hushed = [*self._spoken(now), (now, now + timedelta(hours=6))]
            case "speak":
                told.hushed = self._spoken(now)
            case "stop" if not told.stopped or told.stopped[-1][1] is not None:
                told.stopped.append((now, None))
            case "go" if told.stopped and told.stopped[-1][1] is None:
                told.stopped[-1] = (told.stopped[-1][0], now)

    def _lifted(self, id: str, now: datetime) -> list[tuple[str, datetime, datetime | None]]:
        return [
            (sop, since, min(until or now, now) if sop == id else until)
            for sop, since, until in self.told.paused
        ]

    def _spoken(self, now: datetime) -> list[tuple[datetime, datetime]]:
        return [(since, min(until, now)) for since, until in self.told.hushed]

    async def _say(self, world: World, text: str) -> None:
        world.channel.say(text, BOSS, None)
        await world.settle()

    async def _reload(self, world: World) -> None:
        if self.chance.random() < 0.5:
            self.write_sop()
        else:
            rules = some_rules(self.chance)
            self.write_rules(rules)
            self.told.rules.append((world.clock.now(), rules))
        await self._say(world, "/重新装载")

    async def _lose(self, world: World) -> None:
        world.channel.fail_next(self.chance.choice((Fault.LOST, Fault.REFUSED, Fault.LOST_BUT_SENT)))

    async def _restart(self, world: World) -> None:
        await world.stop()
        world.sops = needed(self.load())
        await world.start()


# --- the referee ---


@dataclass(frozen=True)
class Post:
    at: datetime
    intent: str
    sop: str | None
    queued_at: datetime
    text: str


def begun(world: World) -> list[Post]:
    """What was begun in the room, oldest first; what got lost may have been read."""
    rows = {row["id"]: row for row in look(world, outgoing)}
    posts = []
    for row in rows.values():
        if row["room_id"] is None or row["intent"] not in BEGUN or row["sending_at"] is None:
            continue
        if row["state"] in ("sent", "unknown", "sending"):
            text = row["payload"].get("text", "")
            posts.append(Post(row["sending_at"], row["intent"], row["sop_id"], row["queued_at"], text))
    return sorted(posts, key=lambda it: it.at)


def breaches(posts: list[Post], told: Told) -> Iterator[str]:
    """Every post against all that was before it."""
    for n, post in enumerate(posts):
        rules = next(it for at, it in reversed(told.rules) if at <= post.at)
        hand = [(at, sells) for at, sells in told.by_hand if at < post.at]
        yield from _alone(post, told, rules)
        yield from _beside(post, posts[:n], hand, rules)


def _alone(post: Post, told: Told, rules: Rules) -> Iterator[str]:
    local = f"{post.at.astimezone(ZONE):%H:%M}"
    if not rules.opens <= local < rules.closes:
        yield "in quiet hours"
    if post.intent == "give" and re.search("下单|优惠", post.text):
        yield "a give that sells"
    if any(
        sop == post.sop and since < post.at < (until or post.at) - MOMENT for sop, since, until in told.paused
    ):
        yield "its SOP is paused"
    if any(since < post.at < until - MOMENT for since, until in told.hushed):
        yield "the room is hushed"
    if any(since < post.at and (until is None or post.at < until - MOMENT) for since, until in told.stopped):
        yield "all sending is stopped"
    if any(at < post.at < at + HOLD - MOMENT for at in told.complaints):
        yield "somebody complained"
    heard = [at for at in told.talk if at < post.at]
    waited = post.at - post.queued_at >= PATIENCE
    if heard and post.at - heard[-1] < timedelta(minutes=rules.lull) - MOMENT and not waited:
        yield "into a conversation"


def _beside(post: Post, before: list[Post], hand: list[tuple[datetime, bool]], rules: Rules) -> Iterator[str]:
    moments = [it.at for it in before] + [at for at, _ in hand]
    day, week = post.at.astimezone(ZONE).date(), post.at.astimezone(ZONE).isocalendar()[:2]
    days = Counter(at.astimezone(ZONE).date() for at in moments)
    weeks = Counter(at.astimezone(ZONE).isocalendar()[:2] for at in moments)
    promos = [it.at for it in before if it.intent == "promo"] + [at for at, sells in hand if sells]
    if days[day] >= rules.posts_a_day:
        yield "over the day's posts"
    if weeks[week] >= rules.posts_a_week:
        yield "over the week's posts"
    if post.intent == "promo":
        of_week = sum(at.astimezone(ZONE).isocalendar()[:2] == week for at in promos)
        if of_week >= rules.promo_a_week:
            yield "one promotion too many"
    if any(post.at - at < timedelta(minutes=rules.apart) - MOMENT for at in moments):
        yield "too near to another post"
    if post.intent == "ask":
        recent = [it for it in before if post.at - it.at < FOUR_WEEKS]
        gives, asks = (sum(it.intent == which for it in recent) for which in ("give", "ask"))
        if gives + CREDIT < rules.gives_per_ask * (asks + 1):
            yield "an ask without gives"


NOTICED = {
    Rule.SAY_DO: "a give that sells",
    Rule.QUIET_HOURS: "in quiet hours",
    Rule.COMPLAINT: "somebody complained",
    Rule.PAUSED: "its SOP is paused",
    Rule.HUSHED: "the room is hushed",
    Rule.POSTS_WEEK: "over the week's posts",
    Rule.PROMO_WEEK: "one promotion too many",
    Rule.GIVE_ASK: "an ask without gives",
    Rule.POSTS_DAY: "over the day's posts",
    Rule.DISTANCE: "too near to another post",
    Rule.LULL: "into a conversation",
}
"""The rules that what SOPs begin in rooms can meet, and what the referee says where they are broken."""
MEETS = tuple(NOTICED)
MOST = 20
"""Examples in which a rule that is switched off has to be noticed."""


@dataclass
class Seen:
    """Over all examples: how many there were, what was found wrong, and in how many each rule was at work."""

    examples: int = 0
    wrong: list[str] = field(default_factory=list)
    at_work: Counter[str] = field(default_factory=Counter)
    posts: int = 0


def play(folder: Path, seed: int, seen: Seen) -> None:
    """One example; what came of it is added to ``seen``."""
    place = folder / f"{seen.examples}"
    it = Play(place, seed)

    async def live() -> World:
        world = await it.run(f"sqlite:///{place / 'bot.db'}")
        await world.stop()
        return world

    world = asyncio.run(live())
    posts = begun(world)
    seen.wrong += breaches(posts, it.told)
    held = look(world, interaction, name="send_suppressed")
    seen.at_work += Counter({row["props"]["rule"]: 1 for row in held})
    seen.examples, seen.posts = seen.examples + 1, seen.posts + len(posts)
    asyncio.run(world.close())


def test_nothing_leaves_that_the_rules_forbid_and_every_rule_is_at_work(tmp_path: Path) -> None:
    seen = Seen()

    @settings(max_examples=15)
    @given(st.integers(0, 2**32))
    def plays(seed: int) -> None:
        before = len(seen.wrong)
        play(tmp_path, seed, seen)
        assert seen.wrong[before:] == []

    plays()
    assert seen.posts > 5 * seen.examples
    for rule in MEETS:
        assert seen.at_work[rule] * 20 >= seen.examples, (rule, seen.at_work)


@pytest.mark.parametrize("rule", MEETS)
def test_a_rule_that_is_switched_off_is_noticed(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = {name: check for name, check in CHECKS.items() if name is not rule}
    monkeypatch.setattr(guard, "CHECKS", checks)
    seen = Seen()
    while not seen.wrong:
        assert seen.examples < MOST, f"nobody noticed that {rule} is off"
        play(tmp_path, seen.examples, seen)
    assert NOTICED[rule] in seen.wrong
