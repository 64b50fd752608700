"""What hits come to, in numbers that can be worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.tags import BEHAVIOUR, MESSAGE, PURCHASE
from bot.scoring.tag_rules import InterestRule, Tagging, ValueRule
from bot.scoring.tagging import Hit, Usual, contributions, interests, left, points, values

TODAY = 1_000
RULES = Tagging(interests={"番茄": ("番茄",), "粥": ("粥",)}, contribution={"互助": "热心肠"})
FEW = Usual({}, members=1)


def said(*ages: int, key: str = "番茄", source: str = MESSAGE) -> list[Hit]:
    return [Hit(key, TODAY - age, source, 1, 10_000 - age) for age in ages]


def found(*ages: int, held: bool = False, usual: Usual = FEW, source: str = MESSAGE) -> list[str]:
    hits = {"番茄": said(*ages, source=source)}
    return [it.key for it in interests(hits, ("番茄",) if held else (), usual, RULES, TODAY)]


def test_three_days_make_an_interest_and_two_do_not() -> None:
    assert found(0, 1, 2) == ["番茄"]
    assert found(0, 1) == []
    assert found(0, 1, 200) == []  # 1 + .99 + .31


def test_a_day_counts_once_however_much_is_said() -> None:
    assert points(said(0, 0, 0), RULES.interest, TODAY) == 1
    assert points(said(120), RULES.interest, TODAY) == 0.5


def test_two_purchases_are_four_points_and_still_two_days() -> None:
    assert points(said(0, 0, source=PURCHASE), RULES.interest, TODAY) == 2
    assert found(0, 1, source=PURCHASE) == []
    assert found(0, 1, 2, source=PURCHASE) == ["番茄"]


def test_between_the_two_lines_it_stays_as_it_was() -> None:
    ages = (120, 121, 122)  # 1.49 points
    assert (found(*ages), found(*ages, held=True)) == ([], ["番茄"])
    assert found(240, 241, 242, held=True) == []


@pytest.mark.parametrize(
    ("of_all", "comes", "stays"), [(9, True, True), (50, False, True), (99, False, False)]
)
def test_it_has_to_be_more_than_usual(of_all: float, comes: bool, stays: bool) -> None:
    """Of a hundred points of everybody so many are about it; of this member's five it has four fifths."""
    usual = Usual({"番茄": of_all, "粥": 100 - of_all}, members=20)
    hits = {"番茄": said(0, 1, 2, 3), "粥": said(0, key="粥")}
    assert ("番茄" in {it.key for it in interests(hits, (), usual, RULES, TODAY)}) is comes
    assert ("番茄" in {it.key for it in interests(hits, ("番茄",), usual, RULES, TODAY)}) is stays


def test_with_few_people_nothing_is_usual() -> None:
    assert found(0, 1, 2, usual=Usual({"番茄": 100}, members=19)) == ["番茄"]
    assert found(0, 1, 2, usual=Usual({"番茄": 100}, members=20)) == []


def test_an_interest_expires_on_the_first_day_on_which_it_would_be_gone() -> None:
    (it,) = interests({"番茄": said(0, 1, 2)}, (), FEW, RULES, TODAY)
    hits = {"番茄": said(0, 1, 2)}
    assert [*interests(hits, ("番茄",), FEW, RULES, it.expires - 1)]
    assert not [*interests(hits, ("番茄",), FEW, RULES, it.expires)]


def test_evidence_is_the_latest_twenty() -> None:
    (it,) = interests({"番茄": said(*range(30))}, (), FEW, RULES, TODAY)
    assert it.evidence == tuple(range(10_000 - 19, 10_001))


def test_acts_are_weighed_against_the_questionnaire() -> None:
    acts = {"社区互助": said(0, key="社区互助", source=BEHAVIOUR)}
    (alone,) = values(acts, {}, {}, ValueRule(), TODAY)
    (asked,) = values(acts, {}, {"社区互助": 1.0}, ValueRule(), TODAY)
    assert (alone.score, alone.confidence) == (0.2, 0.2)  # 1/6, 1/6
    assert (asked.score, asked.confidence) == (1.0, 0.5)  # 6/6, 6/11


def test_talk_makes_a_value_surer_and_moves_it_nowhere() -> None:
    acts = {"社区互助": said(0, key="社区互助", source=BEHAVIOUR)}
    talk = {"社区互助": said(*range(9), key="社区互助")}
    (it,) = values(acts, talk, {}, ValueRule(), TODAY)
    assert (it.score, it.confidence) == (0.2, 0.5)
    assert not [*values({}, talk, {}, ValueRule(), TODAY)]


def test_an_act_of_long_ago_speaks_for_nothing() -> None:
    old = {"社区互助": said(361, key="社区互助", source=BEHAVIOUR)}
    assert not [*values(old, {}, {}, ValueRule(), TODAY)]


def test_contribution_comes_with_ten_points_and_goes_below_five() -> None:
    def keys(score: float, *held: str) -> list[str]:
        return [it.key for it in contributions({"互助": score}, held, RULES, 90, TODAY)]

    assert (keys(9.9), keys(10)) == ([], ["热心肠"])
    assert (keys(5, "热心肠"), keys(4.9, "热心肠")) == (["热心肠"], [])


_AGES = st.lists(st.integers(0, 300), max_size=12)


@given(_AGES, st.integers(1, 60))
def test_points_of_another_day_are_those_of_today_faded_and_what_came_since(
    ages: list[int], later: int
) -> None:
    rule = InterestRule()
    before, new = said(*ages), said(0)
    since = points(before, rule, TODAY) * left(later, rule.half_life)
    moved = [*before, *(hit._replace(day=TODAY + later) for hit in new)]
    assert points(moved, rule, TODAY + later) == pytest.approx(since + 1, abs=1e-9)


@given(_AGES)
def test_what_is_known_of_a_person_does_not_depend_on_its_order(ages: list[int]) -> None:
    there, back = {"番茄": said(*ages)}, {"番茄": said(*reversed(ages))}
    assert [*interests(there, (), FEW, RULES, TODAY)] == [*interests(back, (), FEW, RULES, TODAY)]


@given(st.dictionaries(st.sampled_from(["社区互助"]), st.floats(-1, 1)), _AGES)
def test_values_stay_between_what_was_answered_and_one(answered: dict[str, float], ages: list[int]) -> None:
    acts = {"社区互助": said(*ages, key="社区互助", source=BEHAVIOUR)}
    for it in values(acts, {}, answered, ValueRule(), TODAY):
        assert round(answered.get("社区互助", 0.0), 1) - 0.1 <= it.score <= 1
        assert 0 < it.confidence <= 1
