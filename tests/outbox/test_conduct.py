"""Whatever happens in whatever order, nothing leaves that the rules forbid.

The oracle judges each message that leaves by the rules in the plainest words, and knows nothing of the guard,
the pace and the brakes. Each rule must be at work in one example of twenty, and with any one of them switched
off the oracle must notice.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.channels.base import Message
from bot.outbox import brakes, claim, delivery, guard, restraints
from bot.outbox.guard import CHECKS
from bot.outbox.pace import DAY, OFF
from bot.outbox.queue import Intent, Priority, State
from bot.outbox.rules import Budget, Rule, Rules
from bot.people import cases, consent
from bot.sop.hours import USUAL
from bot.store.tables import interaction
from tests.builders import MONDAY_9, QING, ROOM, rows, said
from tests.outbox.office import ACCOUNT, ALL_DAY, SHANGHAI, Office

WEEK = timedelta(days=7)
PRIVATE_A_WEEK, A_DAY, REST = 2, 8, timedelta(minutes=30)
POSTS_A_DAY, POSTS_A_WEEK, SOP = 2, 3, "story"
APART, LULL, PATIENCE, ONE_POST = (
    timedelta(hours=1),
    timedelta(minutes=3),
    timedelta(minutes=20),
    timedelta(minutes=10),
)
BUDGET = Budget(POSTS_A_DAY, POSTS_A_WEEK, 1, 2, 1, APART, LULL)
MONTH = timedelta(days=28)
HOLD = timedelta(hours=2)
OPEN = [(time(8, 30), time(21, 30))] * 5 + [(time(9, 30), time(22))] * 2
OWN_ACCORD = {Intent.GIVE, Intent.ASK, Intent.PROMO}
EXAMPLES, FEW, ONE_IN = 120, 25, 20
OUTCOMES = [*["sent"] * 5, "unknown", "refused", "too often", "no link"]


@dataclass
class Said:
    """A message that left, or may have."""

    at: datetime
    intent: Intent
    private: bool
    answers_at: datetime | None
    despite_stop: bool
    text: str = ""
    of_sop: bool = False
    refused: bool = False

    @property
    def begins(self) -> bool:
        return self.intent in OWN_ACCORD or (self.intent is Intent.REPLY and not self.answers_at)

    @property
    def at_all(self) -> bool:
        return "@所有人" in self.text


@dataclass
class ByHand:
    """A post that somebody of ours made in the room, as the rules count it."""

    at: datetime
    sells: bool
    at_all: bool


@dataclass
class Oracle:
    """What is allowed, in the plainest words; times are what the clock said, wrong as it may have been."""

    said: list[Said] = field(default_factory=list)
    stopped: bool = False
    opted_out: bool = False
    resting_until: datetime | None = None
    complaints: list[datetime] = field(default_factory=list)
    by_hand: list[ByHand] = field(default_factory=list)
    new_at: datetime | None = None
    heard_at: datetime | None = None
    paused: bool = False
    hushed: bool = False

    def judge(self, it: Said, mentions: int) -> None:
        local = it.at.astimezone(SHANGHAI)
        opens, closes = OPEN[local.weekday()]
        fresh = it.intent is Intent.REPLY and it.answers_at is not None
        fresh = fresh and abs(it.at - (it.answers_at or it.at)) <= timedelta(minutes=5)
        assert opens <= local.time() < closes or fresh, "in quiet hours"
        assert it.despite_stop or not self.stopped, "after stop-all"
        assert self.resting_until is None or it.at >= self.resting_until, "while the platform wants a rest"
        assert not (self.opted_out and mentions), "a mention of who opted out"
        assert not ("元" in it.text and it.begins and it.intent is not Intent.PROMO), "a give that sells"
        assert not (self.paused and it.of_sop and it.begins), "of a SOP that is paused"
        assert not (self.hushed and not it.private and it.begins), "in a room that is hushed"
        if not it.private and it.begins:
            assert all(abs(it.at - at) >= HOLD for at in self.complaints), "while somebody waits for a human"
        if it.private and it.intent in OWN_ACCORD:
            assert not self.opted_out, "to who opted out"
            alike = [s for s in self.said if s.private and s.intent in OWN_ACCORD]
            assert self._near(alike, it, WEEK) < PRIVATE_A_WEEK, "over the private cap"
            asks = [s for s in alike if s.intent is Intent.ASK]
            gives = [s for s in alike if s.intent is Intent.GIVE]
            balance = self._near(gives, it, MONTH) + 2 >= 2 * (self._near(asks, it, MONTH) + 1)
            assert balance or it.intent is not Intent.ASK, "an ask without gives"
        if not it.private and it.intent in OWN_ACCORD:
            self._judge_post(it)
        assert self._near(self.said, it, DAY) < A_DAY, "over the day's cap"

    def _judge_post(self, it: Said) -> None:
        ours = [s for s in self.said if not s.private and s.intent in OWN_ACCORD and not s.refused]
        all_posts = [s.at for s in ours] + [post.at for post in self.by_hand]
        day, week = _day(it.at), _day(it.at).isocalendar()[:2]
        this_week = [at for at in all_posts if _day(at).isocalendar()[:2] == week]
        assert sum(_day(at) == day for at in all_posts) < POSTS_A_DAY, "over the day's posts"
        assert len(this_week) < POSTS_A_WEEK, "over the week's posts"
        assert all(abs(it.at - at) >= APART for at in all_posts), "too near to another post"
        sold = [s.at for s in ours if s.intent is Intent.PROMO] + [p.at for p in self.by_hand if p.sells]
        once = it.intent is not Intent.PROMO or not any(_day(at).isocalendar()[:2] == week for at in sold)
        assert once, "a second promotion in a week"
        called = [s.at for s in ours if s.at_all] + [post.at for post in self.by_hand if post.at_all]
        month = (day.year, day.month)
        assert not it.at_all or all((_day(at).year, _day(at).month) != month for at in called), "@all twice"
        gives = self._near([s for s in ours if s.intent is Intent.GIVE], it, MONTH)
        asks = self._near([s for s in ours if s.intent is Intent.ASK], it, MONTH)
        credit = 2 if self.new_at is not None and abs(it.at - self.new_at) < MONTH else 0
        assert it.intent is not Intent.ASK or gives + credit >= 2 * (asks + 1), "an ask without gives"

    def judge_silence(self, it: Said, queued_at: datetime) -> None:
        if self.heard_at is not None and not it.private and it.intent in OWN_ACCORD:
            is_noisy = timedelta(0) <= it.at - self.heard_at < LULL
            assert not is_noisy or abs(it.at - queued_at) >= PATIENCE, "into a conversation"

    @staticmethod
    def _near(said: list[Said], it: Said, within: timedelta) -> int:
        return sum(1 for s in said if not s.refused and abs(it.at - s.at) < within)


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


class Conduct:
    """An office at work, and what the oracle says of each message that leaves it.

    ``seen`` are the rules that held something back.
    """

    def __init__(self, engine: Engine, begins: datetime) -> None:
        rules = Rules(SHANGHAI, USUAL, PRIVATE_A_WEEK, HOLD, BUDGET, sells=lambda text: "元" in text)
        self.desk = Office(engine.connect(), replace(OFF, day_cap=A_DAY, rest=REST), rules, begins)
        self.oracle = Oracle(new_at=begins)
        self.seen: set[str] = set()
        self.waiting: dict[int, Said] = {}

    def close(self) -> None:
        suppressed = rows(self.desk.connection, interaction, name="send_suppressed")
        self.seen |= {row["props"]["rule"] for row in suppressed}
        self.desk.connection.close()

    def queue(
        self,
        intent: Intent,
        private: bool,
        mention: bool,
        heard: int | None,
        lasts: int | None,
        stop: bool,
        times: int,
        words: str = "您好",
        of_sop: bool = False,
    ) -> None:
        """It answers what was said ``heard`` minutes ago, is wanted for ``lasts`` hours, may defy a stop."""
        answers_at = None if heard is None else self.desk.now - timedelta(minutes=heard)
        for _ in range(times):
            row_id = self.desk.post(
                words,
                room=None if private else self.desk.room,
                person=self.desk.person if private else None,
                mentions=[self.desk.person] if mention else [],
                intent=intent,
                priority=Priority.POST,
                answers_at=answers_at,
                expires_at=None if lasts is None else self.desk.now + timedelta(hours=lasts),
                despite_stop=stop,
                sop_id=SOP if of_sop else None,
            )
            assert row_id is not None
            self.waiting[row_id] = Said(self.desk.now, intent, private, answers_at, stop, words, of_sop)

    def send(self, outcomes: list[str]) -> None:
        """Send what may leave now, as far as ``outcomes`` tell what becomes of it."""
        for outcome in outcomes:
            claimed = self.desk.claim()
            if not isinstance(claimed, Message):
                self._note_why(claimed)
                return
            leaving = replace(self.waiting[claimed.id], at=self.desk.now)
            self.oracle.judge(leaving, len(claimed.mentions))
            self.oracle.judge_silence(leaving, self.waiting[claimed.id].at)
            leaving.refused = outcome in ("refused", "too often", "no link")
            self.oracle.said.append(leaving)
            self._tell(claimed, outcome)

    def _tell(self, message: Message, outcome: str) -> None:
        states = {"sent": State.SENT, "unknown": State.UNKNOWN, "no link": State.QUEUED}
        self.desk.settle(message, states.get(outcome, State.FAILED), too_often=outcome == "too often")
        if outcome == "too often":
            self.oracle.resting_until = self.desk.now + REST

    def _note_why(self, until: object) -> None:
        """Which rule without a record of its own keeps the rest from leaving."""
        if self.oracle.stopped and State.QUEUED in self.desk.states():
            self.seen.add("stopped")
        elif self.oracle.resting_until is not None and until == self.oracle.resting_until:
            self.seen.add("resting")
        elif until in [said.at + DAY for said in self.oracle.said]:
            self.seen.add("day_cap")

    def wait(self, minutes: int) -> None:
        self.desk.wait(minutes * 60)
        if minutes < 0:  # a rest that a clock set ahead began is begun anew, so the oracle's moment is void
            self.oracle.resting_until = None

    def restart(self) -> None:
        delivery.recover(self.desk.tx, ACCOUNT)

    def decide(self, opted_out: bool) -> None:
        (self.desk.opt_out if opted_out else self.desk.opt_in)(self.desk.person)
        self.oracle.opted_out = opted_out

    def complain(self, complains: bool) -> None:
        """Somebody complains in the room; or a human deals with all that was complained of."""
        if complains:
            self.desk.complain()
            self.oracle.complaints.append(self.desk.now)
        else:
            self.desk.deal_with_complaints()
            self.oracle.complaints.clear()

    def talk(self, words: str, by_us: bool) -> None:
        """Somebody says something in the room; from staff it may be a post, where it is long or sells."""
        message = said(words, QING, ROOM, occurred_at=self.desk.now)
        role = "staff" if by_us else "member"
        self.desk.talk(message, role)
        self.oracle.heard_at = max(self.desk.now, self.oracle.heard_at or self.desk.now)
        at_all, sells = "@所有人" in words, by_us and "元" in words
        recent = [it for it in self.oracle.by_hand if timedelta(0) <= self.desk.now - it.at <= ONE_POST]
        belongs = any((it.sells or not sells) and (it.at_all or not at_all) for it in recent)
        if not belongs and (at_all or sells or (by_us and len(words) >= 40)):
            self.oracle.by_hand.append(ByHand(self.desk.now, sells, at_all))

    def restrain(self, what: str, on: bool) -> None:
        """A human pauses the SOP, or hushes the room; or lifts it."""
        tx = self.desk.tx
        if what == "paused":
            restraints.pause(tx, ACCOUNT, SOP, None, 1) if on else restraints.resume(tx, ACCOUNT, SOP)
            self.oracle.paused = on
        else:
            room = self.desk.room
            restraints.hush(tx, ACCOUNT, room, None, 1) if on else restraints.speak(tx, ACCOUNT, room)
            self.oracle.hushed = on

    def stop(self, stopped: bool) -> None:
        if stopped:
            brakes.stop(self.desk.tx, ACCOUNT, by=1)
        else:
            brakes.resume(self.desk.tx, ACCOUNT)
        self.oracle.stopped = stopped


def _step(
    name: str, **arguments: st.SearchStrategy[object]
) -> st.SearchStrategy[tuple[str, dict[str, object]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(arguments))


_QUEUE = _step(
    "queue",
    intent=st.sampled_from([*Intent, Intent.GIVE, Intent.ASK]),
    private=st.sampled_from([True, False, False]),
    mention=st.booleans(),
    heard=st.none() | st.integers(0, 12),
    lasts=st.none() | st.integers(1, 20),
    stop=st.sampled_from([False, False, False, True]),
    times=st.integers(1, 5),
    words=st.sampled_from([*["您好"] * 4, "三斤 39 元", "@所有人 开饭"]),
    of_sop=st.booleans(),
)
_BEGIN = _step(
    "queue",
    intent=st.sampled_from([Intent.GIVE, Intent.GIVE, Intent.ASK, Intent.PROMO]),
    private=st.just(False),
    mention=st.just(False),
    heard=st.none(),
    lasts=st.none(),
    stop=st.just(False),
    times=st.integers(1, 2),
    words=st.sampled_from(["您好", "您好", "@所有人 开饭", "三斤 39 元"]),
    of_sop=st.booleans(),
)
_TALK = _step(
    "talk",
    words=st.sampled_from(["早", "早", "早", "三斤 39 元", "@所有人 开饭", "长" * 40]),
    by_us=st.booleans(),
)
_PRIVATE = _step(
    "queue",
    intent=st.sampled_from([Intent.GIVE, Intent.ASK, Intent.PROMO]),
    private=st.just(True),
    mention=st.booleans(),
    heard=st.none(),
    lasts=st.none(),
    stop=st.just(False),
    times=st.integers(1, 3),
)
_SELL = _step(
    "queue",
    intent=st.just(Intent.PROMO),
    private=st.just(False),
    mention=st.just(False),
    heard=st.none(),
    lasts=st.none(),
    stop=st.just(False),
    times=st.just(1),
)
_FLOOD = _step(
    "queue",
    intent=st.just(Intent.SERVICE),
    private=st.booleans(),
    mention=st.just(False),
    heard=st.none(),
    lasts=st.none(),
    stop=st.just(False),
    times=st.just(5),
)
_ALL_SENT = _step("send", outcomes=st.just(["sent"] * 10))
_SEND = _step("send", outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=2, max_size=10))
_WAIT = _step("wait", minutes=st.sampled_from([1, 4, 20, 45, 180, 600, 1440, 3 * 1440, -1, -30, -300]))
_HOURS = _step("wait", minutes=st.sampled_from([60, 90, 180, 900, 1500]))
_OPT = _step("decide", opted_out=st.sampled_from([True, False]))
_COMPLAIN = _step("complain", complains=st.sampled_from([True, True, False]))
_RESTRAIN = _step(
    "restrain", what=st.sampled_from(["paused", "hushed"]), on=st.sampled_from([True, True, False])
)
_STOP = _step("stop", stopped=st.sampled_from([True, False, False]))
_RESTART = _step("restart")
_SCENES = st.sampled_from(
    [
        *[(_QUEUE, _SEND)] * 5,
        *[(_BEGIN, _SEND)] * 5,
        *[(_BEGIN, _WAIT, _SEND)] * 4,
        *[(_WAIT, _SEND)] * 2,
        (_BEGIN, _SEND, _HOURS, _BEGIN, _SEND, _HOURS, _BEGIN, _SEND),
        *[(_HOURS, _TALK, _BEGIN, _SEND)] * 5,
        *[(_SELL, _SEND, _HOURS, _SELL, _SEND)] * 2,
        *[(_FLOOD, _FLOOD, _ALL_SENT)] * 2,
        (_OPT, _PRIVATE, _SEND),
        *[(_HOURS, _COMPLAIN, _BEGIN, _SEND)] * 2,
        *[(_HOURS, _RESTRAIN, _BEGIN, _SEND)] * 3,
        (_STOP, _QUEUE, _SEND),
        (_RESTART, _SEND),
    ]
).flatmap(lambda steps: st.tuples(*steps))
"""What happens often enough in a row for the rules to be at work."""


def play(
    engine: Engine, loosen: Callable[[Office], None], *phases: Phase, examples: int = EXAMPLES
) -> Counter[str]:
    """Play many examples; gives in how many of them each rule was at work."""
    at_work: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, derandomize=True, phases=phases)
    @given(st.sampled_from([0, 3, 9, 12, 24 * 5, 24 * 6 + 12]), st.lists(_SCENES, min_size=8, max_size=20))
    def example(hours: int, scenes: list[tuple[tuple[str, dict[str, object]], ...]]) -> None:
        conduct = Conduct(engine, MONDAY_9 + timedelta(hours=hours))
        loosen(conduct.desk)
        try:
            for name, arguments in itertools.chain.from_iterable(scenes):
                getattr(conduct, name)(**arguments)
        finally:
            conduct.close()
        at_work.update([*conduct.seen, "examples"])

    example()
    return at_work


def test_nothing_leaves_that_the_rules_forbid_and_every_rule_is_at_work(sqlite_engine: Engine) -> None:
    at_work = play(sqlite_engine, lambda desk: None, Phase.generate, Phase.shrink)
    for name in (*CHECKS, "stopped", "resting", "day_cap"):
        assert at_work[name] * ONE_IN >= at_work["examples"], (name, at_work)


def test_nor_does_it_on_either_database(engine: Engine) -> None:
    at_work = play(engine, lambda desk: None, Phase.generate, examples=FEW)
    assert at_work["examples"] >= FEW


def _without_quiet_hours(desk: Office, _patch: pytest.MonkeyPatch) -> None:
    desk.rules = replace(desk.rules, hours=ALL_DAY.hours)


def _without_private_cap(desk: Office, _patch: pytest.MonkeyPatch) -> None:
    desk.rules = replace(desk.rules, private_a_week=50)


def _without_day_cap(desk: Office, _patch: pytest.MonkeyPatch) -> None:
    desk.pace = replace(desk.pace, day_cap=None)


def _without_opt_out(_desk: Office, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(consent, "opted_out", lambda tx, member_ids: set())


def _without_complaints(_desk: Office, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cases, "complained_at", lambda tx, room_id: [])


def _without_stop(_desk: Office, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(claim, "_HEADS_DESPITE_STOP", claim._HEADS)


def _without_rest(_desk: Office, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(brakes, "rest", lambda tx, account, pace: None)


def _without(rule: Rule) -> Callable[[Office, pytest.MonkeyPatch], None]:
    def switch_off(_desk: Office, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(guard, "CHECKS", {name: check for name, check in CHECKS.items() if name is not rule})

    return switch_off


@pytest.mark.parametrize(
    ("switch_off", "noticed"),
    [
        (_without(Rule.SAY_DO), "a give that sells"),
        (_without(Rule.PAUSED), "of a SOP that is paused"),
        (_without(Rule.HUSHED), "in a room that is hushed"),
        (_without(Rule.AT_ALL), "@all twice"),
        (_without(Rule.POSTS_WEEK), "over the week's posts"),
        (_without(Rule.PROMO_WEEK), "a second promotion"),
        (_without(Rule.GIVE_ASK), "an ask without gives"),
        (_without(Rule.POSTS_DAY), "over the day's posts"),
        (_without(Rule.DISTANCE), "too near to another post"),
        (_without(Rule.LULL), "into a conversation"),
        (_without_quiet_hours, "in quiet hours"),
        (_without_private_cap, "over the private cap"),
        (_without_day_cap, "over the day's cap"),
        (_without_opt_out, "who opted out"),
        (_without_complaints, "while somebody waits"),
        (_without_stop, "after stop-all"),
        (_without_rest, "while the platform wants a rest"),
    ],
)
def test_a_rule_that_is_switched_off_is_noticed(
    sqlite_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    switch_off: Callable[[Office, pytest.MonkeyPatch], None],
    noticed: str,
) -> None:
    with pytest.raises(AssertionError, match=noticed):
        play(sqlite_engine, lambda desk: switch_off(desk, monkeypatch), Phase.generate, examples=400)
