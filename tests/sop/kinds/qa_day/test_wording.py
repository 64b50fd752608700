"""What members read fits a phone, however long the words that it repeats."""

from __future__ import annotations

import pytest

from bot.sop.kinds.qa_day import days, shown
from bot.sop.kinds.qa_day.model import (
    Answered,
    CallWords,
    Card,
    CardsWords,
    DayWords,
    DigestWords,
    HintWords,
    KindWords,
    OfferWords,
)
from bot.sop.loader import SopSet

LONG, NAME = "字" * 400, "名" * 16
CARD = Card(999, LONG[: shown.LONGEST_QUESTION], 9)
ANSWERED = Answered(999, CARD.text, LONG[: shown.LONGEST_ANSWER], NAME)
LONGEST, MOST_LINES = 120, 6

WORDS = [
    ("qa_open.j2", DayWords(carried=(CARD,) * days.IN_THE_OPENING)),
    ("qa_tomorrow.j2", DayWords()),
    ("qa_offer.j2", OfferWords(999, ANSWERED.answer, NAME)),
    ("qa_relay.j2", Answered(999, CARD.text, LONG[: shown.LONGEST_RELAYED], NAME)),
    ("qa_call.j2", CallWords(CARD, (NAME, NAME), "营养师")),
    ("qa_call.j2", CallWords(CARD, (NAME, NAME), "")),
    ("qa_ask_expert.j2", CallWords(CARD, (NAME,))),
    ("qa_to_human.j2", KindWords(name=NAME)),
    ("qa_kept.j2", KindWords(name=NAME)),
    *(("qa_hint.j2", HintWords(what)) for what in ("没说问题", "哪一号", "没有这号", "带到了", "够了")),
]


def fits_a_phone(text: str) -> bool:
    return len(text) <= LONGEST and len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize(("template", "words"), WORDS)
def test_it_fits_a_phone(sops: SopSet, template: str, words: object) -> None:
    text = sops.templates.render(template, words)
    assert fits_a_phone(text)
    assert not any(word in text for word in ("亲", "家人们", "温馨提示"))


def test_the_digest_tells_as_much_as_fits_a_phone_and_that_there_is_more(sops: SopSet) -> None:
    def words(most: int) -> DigestWords:
        return DigestWords((ANSWERED,) * most, count=12, helpers=(NAME,) * 8)

    fit = shown.fitting(sops.templates, "qa_digest.j2", words, 8)
    text = sops.templates.render("qa_digest.j2", words(fit))
    assert fits_a_phone(text)
    assert text.endswith(f"另外{12 - fit}个，发“/问 关键词”能查到。")
    assert not fits_a_phone(sops.templates.render("qa_digest.j2", words(fit + 1)))


def test_the_longest_cards_that_many_ask_fit_a_phone(sops: SopSet) -> None:
    def words(most: int) -> CardsWords:
        return CardsWords((CARD,) * most)

    fit = shown.fitting(sops.templates, "qa_cards.j2", words, days.AT_ONCE)
    assert fit == 3
    assert fits_a_phone(sops.templates.render("qa_cards.j2", words(fit)))


def test_what_is_listed_fits_a_phone_but_for_a_single_long_entry() -> None:
    assert shown.listed(["一", "二"], "还有{}个", most=5, head="头") == ("头\n一\n二", 2)
    assert shown.listed(["一", "二", "三"], "还有{}个", most=1) == ("一\n还有2个", 1)
    assert shown.listed(["字" * 50] * 3, "还有{}个", most=3) == (f"{'字' * 50}\n{'字' * 50}\n还有1个", 2)
    assert shown.listed([LONG], "还有{}个", most=3) == (LONG, 1)


def test_cards_begin_with_their_numbers(sops: SopSet) -> None:
    text = sops.templates.render("qa_cards.j2", CardsWords((Card(12, "一"), Card(13, "二", 2))))
    assert text == "12 一\n13 二（2人同问）"


@pytest.mark.parametrize("number", [1, 12])
def test_a_call_begins_with_the_number(sops: SopSet, number: int) -> None:
    text = sops.templates.render("qa_call.j2", CallWords(Card(number, "一")))
    assert text.startswith(f"{number} 一\n")
