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
LONGEST_DIGEST = 200
"""The digest names who helped, and may be longer."""

WORDS = [
    ("qa_open.j2", DayWords(carried=(CARD,) * days.IN_THE_OPENING)),
    ("qa_tomorrow.j2", DayWords()),
    ("qa_cards.j2", CardsWords((Card(999, CARD.text),) * days.AT_ONCE)),
    ("qa_offer.j2", OfferWords(999, ANSWERED.answer, NAME)),
    ("qa_call.j2", CallWords(CARD, (NAME, NAME), "营养师")),
    ("qa_call.j2", CallWords(CARD, (NAME, NAME), "")),
    ("qa_ask_expert.j2", CallWords(CARD, (NAME,))),
    ("qa_to_human.j2", KindWords(name=NAME)),
    ("qa_kept.j2", KindWords(name=NAME)),
    *(("qa_hint.j2", HintWords(what)) for what in ("没说问题", "哪一号", "没有这号", "带到了", "够了")),
]


@pytest.mark.parametrize(("template", "words"), WORDS)
def test_it_fits_a_phone(sops: SopSet, template: str, words: object) -> None:
    text = sops.templates.render(template, words)
    assert len(text) <= LONGEST
    assert len(text.splitlines()) <= MOST_LINES
    assert not any(word in text for word in ("亲", "家人们", "温馨提示"))


def test_the_digest_fits_a_phone(sops: SopSet) -> None:
    words = DigestWords((ANSWERED,) * 8, count=12, helpers=(NAME,) * 8)
    text = sops.templates.render("qa_digest.j2", words)
    assert len(text) <= LONGEST_DIGEST
    assert len(text.splitlines()) <= MOST_LINES
    assert text.endswith("另外8个，发“/问 关键词”能查到。")


def test_cards_begin_with_their_numbers(sops: SopSet) -> None:
    text = sops.templates.render("qa_cards.j2", CardsWords((Card(12, "一"), Card(13, "二", 2))))
    assert text == "12 一\n13 二（2人同问）"


@pytest.mark.parametrize("number", [1, 12])
def test_a_call_begins_with_the_number(sops: SopSet, number: int) -> None:
    text = sops.templates.render("qa_call.j2", CallWords(Card(number, "一")))
    assert text.startswith(f"{number} 一\n")
