"""Tags, as the nights make them of what members say, do and buy: slowly, and none that is not wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.events import MessageRecalled, Person
from bot.nightly import rolling
from bot.people import consent, directory, points, tag_wishes, tags
from bot.people.points import Entry
from bot.people.tags import Tag
from bot.scenario.world import World
from bot.scoring.rules import Scoring
from bot.scoring.tag_rules import InterestRule, Tagging, Value
from bot.sop.community import Privacy
from bot.sop.loader import SopSet
from bot.store import log
from bot.store.figures import progress, tag_hit
from bot.store.tables import failure, identity, interaction, tag, texts
from bot.store.transaction import Transaction
from tests.builders import BOSS, MONDAY_9, QING, ROOM, ZHOU, ask, look, only, said
from tests.conftest import MakeWorld

DAY = timedelta(days=1)
RULES = Tagging(
    values={"社区互助": Value(("互相帮忙",), ("helped", "friday-qa"))},
    interests={"番茄": ("番茄", "西红柿"), "米": ("大米", "新米"), "粥": ("粥", "小米粥")},
    never=("离婚",),
)


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    return await make_world(replace(only(sops), tagging=RULES))


async def says(world: World, text: str, *, days: int = 3, who: Person = QING) -> None:
    """On each of so many days, with its night."""
    for _ in range(days):
        world.channel.say(text, who, ROOM)
        await night(world)


async def night(world: World) -> None:
    await world.settle()
    await world.move_to(world.clock.now() + DAY)
    await world.settle()


def held(world: World) -> dict[str, float]:
    return {row["key"]: row["score"] for row in look(world, tag) if row["refused_at"] is None}


def hits(world: World) -> list[tuple[str, str, int]]:
    return [(row["key"], row["source"], row["times"]) for row in look(world, tag_hit)]


def flips(world: World) -> list[tuple[str, float | None, float | None]]:
    changed = look(world, interaction, name=tags.CHANGED)
    return [(row["object_id"], row["props"]["from"], row["props"]["to"]) for row in changed]


async def change(world: World, rules: Tagging | None) -> None:
    await world.stop()
    world.sops = replace(world.sops, tagging=rules)
    await world.start()


# --- interests ---


async def test_an_interest_comes_with_three_days_of_it_and_not_before(world: World) -> None:
    await says(world, "今天的西红柿真甜，番茄炒蛋", days=2)
    assert held(world) == {}
    assert hits(world) == [("番茄", "message", 1)] * 2
    await says(world, "又买了番茄", days=1)
    (row,) = look(world, tag)
    messages = [it["id"] for it in look(world, interaction, name="message_posted")]
    assert (row["key"], row["source"], row["score"], row["evidence"]) == ("番茄", "message", 0.5, messages)
    assert (row["confidence"], row["version"][:5]) == (0.5, "tags:")
    assert 150 * DAY < row["expires_at"] - row["last_at"] < 200 * DAY
    assert flips(world) == [("番茄", None, 0.5)]


async def test_talking_on_changes_the_score_and_is_no_news(world: World) -> None:
    await says(world, "番茄", days=7)
    assert held(world) == {"番茄": 0.7}
    assert flips(world) == [("番茄", None, 0.5)]


async def test_a_night_without_anything_new_writes_nothing(world: World) -> None:
    await says(world, "番茄")
    before = look(world, tag)
    await night(world)
    assert look(world, tag) == before


async def test_an_interest_goes_once_hardly_anything_is_left_of_it_on_the_day_it_was_said_to(
    make_world: MakeWorld, sops: SopSet
) -> None:
    soon = replace(RULES, interest=replace(RULES.interest, half_life=30))
    world = await make_world(replace(only(sops), tagging=soon))
    await says(world, "番茄")
    (row,) = look(world, tag)
    await world.move_to(row["expires_at"] - timedelta(hours=1))
    assert list(held(world)) == ["番茄"]
    await world.move_to(row["expires_at"] + timedelta(hours=5))
    assert held(world) == {}
    assert [to for _, _, to in flips(world)] == [0.5, None]


async def test_the_words_go_in_time_and_what_was_found_in_them_stays(
    make_world: MakeWorld, sops: SopSet
) -> None:
    community = sops.community.model_copy(update={"privacy": Privacy(keep_days=5)})
    world = await make_world(replace(only(sops), community=community, tagging=RULES))
    await says(world, "番茄")
    await world.move_to(MONDAY_9 + 10 * DAY)
    assert look(world, texts) == []
    await change(world, replace(RULES, interests={**RULES.interests, "汤": ("汤",)}))
    await night(world)
    assert hits(world) == [("番茄", "message", 1)] * 3
    assert "番茄" in held(world)


async def test_other_words_find_what_was_said_before(world: World) -> None:
    await says(world, "手冲一杯咖啡")
    assert hits(world) == []
    await change(world, replace(RULES, interests={**RULES.interests, "咖啡": ("咖啡",)}))
    await night(world)
    assert held(world) == {"咖啡": 0.5}


async def test_what_was_recalled_speaks_for_nothing(world: World) -> None:
    message = said("番茄真甜", occurred_at=world.clock.now())
    await world.happen(message)
    await night(world)
    assert hits(world) == [("番茄", "message", 1)]
    await world.happen(MessageRecalled("recall", message.id, QING, world.clock.now(), ROOM))
    await night(world)
    assert hits(world) == []


async def test_a_message_with_anything_sensitive_is_not_read_for_tags(world: World) -> None:
    await says(world, "怀孕以后天天想吃番茄", days=1)
    await says(world, "血糖高还能喝粥吗", days=1)
    await says(world, "离婚以后只吃番茄", days=1)
    assert (hits(world), held(world)) == ([], {})


async def test_what_is_said_in_private_and_by_our_own_people_is_not_read(world: World) -> None:
    await says(world, "番茄", who=BOSS)
    world.channel.say("番茄", QING, None)
    await night(world)
    assert hits(world) == []


async def test_in_a_large_community_what_everybody_speaks_of_is_no_ones_interest(
    make_world: MakeWorld, sops: SopSet
) -> None:
    rules = replace(RULES, interest=InterestRule(members=3))
    world = await make_world(replace(only(sops), tagging=rules))
    people = [Person(f"p{n}", f"会员{n}") for n in range(5)]
    for _ in range(6):
        for who in people:
            world.channel.say("番茄", who, ROOM)
        world.channel.say("小米粥", QING, ROOM)
        await night(world)
    assert {(row["key"], row["score"]) for row in look(world, tag)} == {("粥", 0.7)}


# --- values, purchases, contribution ---


Work = Callable[[Transaction, directory.Person], object]


async def do(world: World, work: Work, who: Person = QING) -> None:
    """In a transaction of the core, about somebody it knows."""
    assert world._runtime is not None

    (row,) = look(world, identity, external_id=who.id)

    def about(tx: Transaction) -> object:
        person = directory.person_by_id(tx, row["id"])
        assert person is not None
        return work(tx, person)

    await world._runtime.ask_core(about)


def help_somebody(tx: Transaction, person: directory.Person) -> None:
    event = tx.new_id()
    points.give(tx, Entry(person.identity_id, "helped", event, "互助", 4.0))


def order(number: str, lines: Sequence[str], name: str = "order_paid", cents: int = 3900) -> Work:
    def work(tx: Transaction, person: directory.Person) -> None:
        props = {"order_id": number, "lines": [*lines]}
        about = {"identity_id": person.identity_id, "amount_cents": cents, "props": props}
        log.append(tx, [log.entry(tx, "shop:x", f"{number}{name}", name, tx.now, **about)])

    return work


async def test_acts_move_a_value_away_from_what_was_answered_and_talk_does_not(world: World) -> None:
    await says(world, "大家互相帮忙吧", days=4)
    assert held(world) == {}
    await do(world, lambda tx, person: tags.put(tx, person, Tag("社区互助", -0.5), 1))
    await do(world, help_somebody)
    await night(world)
    by_source = {row["source"]: (row["score"], row["confidence"]) for row in look(world, tag)}
    assert by_source == {"questionnaire": (-0.5, 1.0), "behaviour": (-0.3, 0.8)}  # (5·-0.5 + 1) / 6; .5 + .3
    for _ in range(4):
        await do(world, help_somebody)
    await night(world)
    assert [row["score"] for row in look(world, tag, source="behaviour")] == [0.2]
    assert await known(world) == {"社区互助": 0.2}


async def test_what_is_taken_back_speaks_for_no_value(world: World) -> None:
    await says(world, "早啊大家", days=1)
    await do(world, help_somebody)
    await night(world)
    (row,) = look(world, tag)
    await do(world, lambda tx, person: points.reverse(tx, "helped", row["evidence"][0]))
    await night(world)
    assert (held(world), hits(world)) == ({}, [])


async def test_what_a_sop_notes_of_a_value_is_weighed_by_the_night_and_then_stays_so(world: World) -> None:
    await says(world, "早啊大家", days=1)
    await do(world, lambda tx, person: tags.put(tx, person, Tag("社区互助", 1.0, source="behaviour"), 5))
    await do(world, help_somebody)
    await night(world)
    assert held(world) == {"社区互助": 0.2}
    await do(world, lambda tx, person: tags.put(tx, person, Tag("社区互助", 1.0, source="behaviour"), 7))
    assert held(world) == {"社区互助": 0.2}
    assert 7 in look(world, tag)[0]["evidence"]


async def test_what_was_bought_counts_twice_and_what_was_paid_back_not_at_all(world: World) -> None:
    await says(world, "新米到了吗", days=1)
    await do(world, order("a", ["东北大米 5kg", "孕妇奶粉"]))
    await night(world)
    await do(world, order("b", ["大米"]))
    await do(world, order("c", ["番茄"]))
    await do(world, order("c", [], "order_refunded"))
    await night(world)
    (row,) = look(world, tag)
    assert (row["key"], row["source"], row["score"], len(row["evidence"])) == ("米", "message", 0.7, 3)
    assert ("番茄", "purchase", 1) not in hits(world)


async def test_what_nobody_said_and_was_bought_on_three_days_is_of_purchases(world: World) -> None:
    await says(world, "早啊大家", days=1)
    for number in "abc":
        await do(world, order(number, ["大米"]))
        await night(world)
    assert [(row["key"], row["source"]) for row in look(world, tag)] == [("米", "purchase")]


async def test_points_of_a_dimension_bring_its_tag_and_their_fading_takes_it(
    make_world: MakeWorld, sops: SopSet
) -> None:
    rules = replace(RULES, contribution={"互助": "热心肠"})
    world = await make_world(replace(only(sops), scoring=Scoring(half_life=5), tagging=rules))
    await says(world, "早啊大家", days=1)
    for _ in range(3):
        await do(world, help_somebody)
    await night(world)
    (row,) = look(world, tag, key="热心肠")
    assert (row["key"], row["source"], row["score"], row["confidence"]) == ("热心肠", "behaviour", 0.5, 1.0)
    await world.move_to(row["expires_at"] + timedelta(hours=5))
    assert "热心肠" not in held(world)


# --- what members want ---


async def test_a_refused_tag_never_comes_again_and_nothing_is_kept_for_it(world: World) -> None:
    await says(world, "番茄，大米")
    await do(world, lambda tx, person: tag_wishes.refuse(tx, person.member_id, "番茄"))
    await says(world, "番茄，大米")
    assert list(held(world)) == ["米"]
    assert {key for key, *_ in hits(world)} == {"米"}


async def test_of_who_does_not_want_it_nothing_is_inferred(world: World) -> None:
    await says(world, "番茄")

    def decline(tx: Transaction, person: directory.Person) -> None:
        consent.decide(tx, person.member_id, consent.PERSONAL, given=False, cause=None)

    await do(world, decline)
    await says(world, "番茄")
    assert held(world) == {}
    assert len(hits(world)) == 3


async def test_of_our_own_people_and_of_strangers_there_is_nothing(world: World) -> None:
    await says(world, "番茄")
    await ask(world, "/角色 M2 营养师", BOSS, None)
    await night(world)
    assert held(world) == {}


async def test_who_is_forgotten_leaves_no_hits_and_gets_none(world: World) -> None:
    await says(world, "番茄")
    await do(world, help_somebody)
    (answer,) = await ask(world, "忘记我", QING, None)
    await ask(world, f"忘记 {answer.split('忘记 ')[1][:4]}", QING, None)
    await night(world)
    await change(world, replace(RULES, never=("别的",)))
    await night(world)
    assert (look(world, tag), look(world, tag_hit)) == ([], [])


async def test_who_is_merged_has_one_interest_of_both_and_apart_each_their_own(world: World) -> None:
    for who in (QING, ZHOU, QING):
        world.channel.say("番茄", who, ROOM)
        await night(world)
    assert held(world) == {}
    await ask(world, "/合并 M2 M3 换了新号 确定", BOSS, None)
    await night(world)
    assert held(world) == {"番茄": 0.5}
    await ask(world, "/拆开 1", BOSS, None)
    await night(world)
    assert held(world) == {}


# --- nights ---


async def test_by_rules_with_mistakes_no_tags_are_made_and_the_next_night_makes_up_for_it(
    world: World,
) -> None:
    await change(world, None)
    await says(world, "番茄")
    assert hits(world) == []
    await change(world, RULES)
    await night(world)
    assert list(held(world)) == ["番茄"]
    (row,) = look(world, progress)
    assert row["tags_rules"] == rolling.fingerprint(RULES)
    assert look(world, failure) == []


async def test_without_rules_what_the_nights_wrote_goes_and_what_was_answered_stays(world: World) -> None:
    await says(world, "番茄")
    await do(world, lambda tx, person: tags.put(tx, person, Tag("有机认同", 1.0), 1))
    await change(world, Tagging())
    await night(world)
    assert held(world) == {"有机认同": 1.0}


async def known(world: World) -> dict[str, float]:
    found: dict[str, float] = {}
    await do(
        world,
        lambda tx, person: found.update({k: it.score for k, it in tags.of(tx, person.member_id).items()}),
    )
    return found
