from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.events import LONGEST_ID, LONGEST_NAME, Chat, Media, Person, Quote, clean, fit_id
from tests.builders import said

ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\ud83d\n\u202e"))


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


@given(ANY)
def test_whatever_an_event_holds_can_be_stored(text: str) -> None:
    person, chat, quote = Person(text, text, text), Chat(text, text), Quote(text, text, text)
    message = said(text, person, chat, id=text, quote=quote, media=(Media("m", text),))
    assert "\0" not in repr(message)
    repr(message).encode()


@given(ANY, ANY)
def test_ids_stay_apart_and_fit_into_a_log_line_and_an_index(one: str, other: str) -> None:
    assert (fit_id(one) == fit_id(other)) == (one == other)
    assert fit_id(one).isprintable()
    assert len(fit_id(one * 1000)) <= LONGEST_ID


def test_an_id_as_platforms_make_them_is_left_as_it_is() -> None:
    for id in ("wxid_a1b2", "7881299@chatroom", "@@f0e1", "room-会员1群", "m1"):
        assert fit_id(id) == id


def test_a_name_without_end_is_cut() -> None:
    assert Person("1", "长" * 10_000).name == "长" * LONGEST_NAME
