from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sop.questions.question import Answer, Choice, Question, shown, tags_of, written
from bot.sop.questions.reading import LONGEST_TEXT, Control, control, read

COOK = Question(
    ask="谁做饭？", choices={"我": Choice(tag="烹饪热情"), "家里人": Choice(), "多半在外面吃": Choice()}
)
VALUES = Question(
    ask="怎么看？",
    choices={"很认同": Choice(fit=2), "认同": Choice(fit=1), "无所谓": Choice(), "不太信": Choice(fit=-1)},
)
MEALS = Question(
    ask="做哪些？", choices={"早饭": Choice(fit=1), "午饭": Choice(fit=1), "晚饭": Choice()}, several=True
)
WORDS = Question(ask="希望什么？", answer="text")
SCALE = Question(ask="几分？", answer="scale")
NUMBER = Question(ask="几口人？", answer="number")


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("A", 0),
        ("ａ", 0),
        ("b.", 1),
        ("选C", 2),
        ("我选 c 。", 2),
        ("1", 0),
        ("第二个", 1),
        ("③", 2),
        ("三", 2),
        ("我", 0),
        ("家里人", 1),
        ("家里人做得多", 1),
        ("多半在外面吃吧", 2),
        ("在外面吃", 2),
        ("A 我", 0),
        ("我！", 0),
        ("我做饭", 0),
        ("我自己", 0),
        ("（B）", 1),
        ("【c】", 2),
        ("答案：B", 1),
        ("选项C", 2),
        ("B吧", 1),
        ("我选A吧", 0),
    ],
)
def test_a_choice_is_named_by_letter_number_or_words(said: str, place: int) -> None:
    assert read(COOK, said) == Answer(chosen=(place,))


@pytest.mark.parametrize("said", ["我老公", "我妈做", "我家阿姨", "问我干嘛"])
def test_a_choice_of_one_letter_is_not_found_within_other_words(said: str) -> None:
    assert read(COOK, said) is None


@pytest.mark.parametrize(("said", "place"), [("很认同", 0), ("认同", 1), ("我很认同呀", 0), ("不太信", 3)])
def test_of_words_within_words_the_longer_is_meant(said: str, place: int) -> None:
    assert read(VALUES, said) == Answer(chosen=(place,))


@pytest.mark.parametrize("said", ["不认同", "我不太认同", "不是很认同", "没认同过", "不怎么认同"])
def test_the_contrary_of_a_choice_does_not_name_it(said: str) -> None:
    assert read(VALUES, said) is None


@pytest.mark.parametrize("said", ["", " ", "🌹", "Z", "9", "0", "都行", "谁知道呢", "我" * 100, "a" * 10_000])
def test_what_names_no_choice_is_not_understood(said: str) -> None:
    assert read(VALUES, said) is None


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ("AC", (0, 2)),
        ("c、a", (0, 2)),
        ("1 3", (0, 2)),
        ("13", (0, 2)),
        ("2.3", (1, 2)),
        ("都有。", (0, 1, 2)),
        ("A B C", (0, 1, 2)),
        ("早饭，还有晚饭", (0, 2)),
        ("早饭和晚饭", (0, 2)),
        ("都", (0, 1, 2)),
        ("b", (1,)),
    ],
)
def test_several_choices_are_taken_together(said: str, places: tuple[int, ...]) -> None:
    assert read(MEALS, said) == Answer(chosen=places)


@pytest.mark.parametrize(("said", "number"), [("4", 4), ("4分", 4), ("打五分", 5), ("４", 4)])
def test_a_mark_is_a_number_from_one_to_five(said: str, number: float) -> None:
    assert read(SCALE, said) == Answer(number=number)


@pytest.mark.parametrize("said", ["6", "0", "3.5", "1 到 5", "还行", ""])
def test_what_is_no_mark_is_not_understood(said: str) -> None:
    assert read(SCALE, said) is None


def test_a_number_may_stand_among_words() -> None:
    assert read(NUMBER, "我们家3口") == Answer(number=3)
    assert read(NUMBER, "两三口") is None


def test_free_words_are_kept_as_one_line_and_not_endlessly() -> None:
    assert read(WORDS, " 想知道\n菜从哪来 ") == Answer(text="想知道 菜从哪来")
    assert read(WORDS, "👍👍") is None
    long = read(WORDS, "菜" * 10_000)
    assert long is not None
    assert len(long.text) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("上一题", Control.BACK),
        ("跳过。", Control.SKIP),
        ("取消！", Control.CANCEL),
        ("/取消", Control.CANCEL),
        ("退订", Control.CANCEL),
        ("不取消", None),
        ("", None),
    ],
)
def test_back_skip_and_cancel_always_work(said: str, meant: Control | None) -> None:
    assert control(said) is meant


def test_what_an_answer_says_of_a_person() -> None:
    assert list(tags_of(COOK, Answer(chosen=(0,)))) == [("烹饪热情", 1.0)]
    assert MEALS.best == 2
    assert VALUES.best == 2
    assert written(COOK, Answer(chosen=(1,))) == {"chosen": ["家里人"]}
    assert written(WORDS, Answer(text="不能写进记录的话")) == {"text": 8}


@pytest.mark.parametrize(("number", "score"), [(1, -1.0), (2, -0.5), (3, 0.0), (5, 1.0)])
def test_a_mark_is_a_score_of_its_tag(number: float, score: float) -> None:
    marked = Question(ask="有机值得多花钱吗？", answer="scale", tag="有机认同")
    assert list(tags_of(marked, Answer(number=number))) == [("有机认同", score)]
    assert list(tags_of(SCALE, Answer(number=number))) == []


def test_choices_are_shown_with_letters_on_a_line_where_they_are_short() -> None:
    assert shown(COOK) == "谁做饭？\nA 我　B 家里人　C 多半在外面吃"
    assert shown(WORDS) == "希望什么？"
    long = Question(ask="哪个？", choices={"一" * 20: Choice(), "二" * 20: Choice(), "三": Choice()})
    assert len(shown(long).splitlines()) == 4


@given(st.text(max_size=80))
def test_whatever_is_said_an_answer_is_one_that_the_question_has(said: str) -> None:
    for question in (COOK, VALUES, MEALS, WORDS, SCALE, NUMBER):
        answer = read(question, said)
        if answer is not None:
            assert all(0 <= place < len(question.choices) for place in answer.chosen)
            assert len(answer.text) <= LONGEST_TEXT
