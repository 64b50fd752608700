from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.explain import Reason
from bot.scoring.thanking import Candidate, choose, facts

CANDIDATES = st.lists(
    st.builds(Candidate, st.integers(1, 50), st.floats(0, 20), st.booleans()),
    unique_by=lambda it: it.member_id,
)


@given(candidates=CANDIDATES, places=st.integers(0, 12))
def test_places_are_filled_a_share_of_them_by_new_faces(candidates: list[Candidate], places: int) -> None:
    chosen = choose(candidates, places)
    new = [it for it in candidates if it.is_new]
    assert len(chosen) == len(set(chosen)) == min(places, len(candidates))
    assert sum(it.is_new for it in chosen) >= min(len(new), round(places * 0.3))
    assert choose(candidates[::-1], places) == chosen


def test_a_new_face_takes_the_place_of_the_last_of_the_others() -> None:
    old = [Candidate(n, 20 - n, False) for n in range(1, 12)]
    chosen = choose([*old, Candidate(90, 1, True), Candidate(91, 2, True)], 10)
    assert [it.member_id for it in chosen] == [1, 2, 3, 4, 5, 6, 7, 8, 91, 90]


def reason(name: str, day: int, points: float) -> Reason:
    return Reason(day, name, day, "参与", points, points, prompted=False)


def test_reasons_are_facts_with_days_and_what_earned_most_goes_first() -> None:
    found = facts(
        [
            reason("message_posted", 20_000, 1),
            reason("answer_thanked", 20_002, 2),
            reason("answer_thanked", 20_010, 2),
            reason("ugc_submitted", 20_003, 0),
        ]
    )
    assert found == [
        {"what": "answer_thanked", "times": 2, "first": "2024-10-06", "last": "2024-10-14"},
        {"what": "message_posted", "times": 1, "first": "2024-10-04", "last": "2024-10-04"},
    ]
