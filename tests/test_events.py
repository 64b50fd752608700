from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.events import Person, clean


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_what_the_store_holds_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\ud83d\udc4d")))
def test_whatever_was_written_can_be_stored_after_cleaning(text: str) -> None:
    cleaned = clean(text)
    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert len(cleaned) == len(text)


def test_nul_and_lone_surrogates_become_the_replacement_character() -> None:
    assert clean("番\0茄\ud83d！👍") == "番\ufffd茄\ufffd！👍"


def test_a_person_is_shown_by_the_name_they_bear_in_the_room() -> None:
    assert Person("1", "阿青", "青姐").shown == "青姐"
    assert Person("1", "阿青").shown == "阿青"
