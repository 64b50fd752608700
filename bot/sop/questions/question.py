"""Questions as operators write them, and how they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.sop.language import Finding, Mistake, Model, Name


def _scores(tag: str | dict[str, float]) -> str | dict[str, float]:
    if isinstance(tag, dict):
        wrong = [key for key, score in tag.items() if not -1 <= score <= 1]
        if wrong:
            raise Mistake("", findings=[Finding((key,), "标签的分数从 -1 到 1", "1") for key in wrong])
    return tag


class Choice(Model):
    """What choosing it says of a person: ``tag`` is a tag, or tags with scores from -1 to 1."""

    tag: Annotated[str | dict[Name, float], AfterValidator(_scores)] = Field({})
    fit: float = 0

    @property
    def tags(self) -> dict[str, float]:
        return {self.tag: 1.0} if isinstance(self.tag, str) else dict(self.tag)


class Question(Model):
    """One question; without ``choices`` it takes ``answer``: some words, a number, a mark from 1 to 5
    (``scale``) or from 0 to 10 (``nps``).

    ``in_group``: asked in the group, with the greeting, rather than in private. ``tag``: what a mark scores,
    from -1 for 1 to 1 for 5.
    """

    ask: Name
    choices: Annotated[dict[Name, Choice], Field(max_length=9)] = Field({})
    answer: Literal["choice", "text", "number", "scale", "nps"] = "choice"
    several: bool = False
    optional: bool = False
    in_group: bool = False
    tag: Name | None = None

    @property
    def labels(self) -> list[str]:
        return list(self.choices)

    @property
    def best(self) -> float:
        """The most that its answer can add to the fit."""
        fits = [choice.fit for choice in self.choices.values()]
        return sum(fit for fit in fits if fit > 0) if self.several else max(fits, default=0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered: ``chosen`` choices by place, a ``number``, or ``text`` (or what stands behind a
    mark of ten)."""

    chosen: tuple[int, ...] = ()
    number: float | None = None
    text: str = ""


def ill_formed(n: int, question: Question) -> Iterator[Finding]:
    """What does not fit together in the ``n``-th question."""
    if question.answer == "choice" and len(question.choices) < 2:
        yield Finding((n, "ask"), "选择题至少要有两个选项；要对方写一句话，加 answer: text", "answer: text")
    if question.answer != "choice" and question.choices:
        yield Finding((n, "choices"), f"answer: {question.answer} 不用写选项", "去掉 choices")
    if question.several and question.answer != "choice":
        yield Finding((n, "several"), "只有选择题能选几个", "去掉 several")
    if question.tag is not None and question.answer != "scale":
        yield Finding((n, "tag"), "打分题才在这里写标签，选择题的写在选项里", "answer: scale")


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """What a question's template may use: ``again`` after an answer that was not understood."""

    question: str = "家里平时谁做饭？\nA 我　B 家里人"
    how: str = "回字母就好"
    number: int = 1
    total: int = 3
    optional: bool = False
    again: bool = False


def shown(question: Question) -> str:
    """The question as it is asked: its choices with letters, on one line where they are short."""
    choices = [f"{chr(ord('A') + n)} {label}" for n, label in enumerate(question.labels)]
    line = "　".join(choices)
    return "\n".join([question.ask, *([line] if len(line) <= 40 else choices)]) if choices else question.ask


def how(question: Question) -> str:
    """How it is answered, in a few words."""
    if question.answer == "scale":
        return "回 1 到 5，5 是最认同"
    if question.answer == "nps":
        return "回 0 到 10，10 是非常愿意"
    if question.answer == "number":
        return "回一个数字就好"
    if question.answer == "text":
        return "用您自己的话回就好"
    return "回字母，可以选几个" if question.several else "回字母就好"


def written(question: Question, answer: Answer) -> dict[str, object]:
    """An answer as it is kept beside the record: labels or a number, and never free words."""
    if answer.chosen:
        return {"chosen": [question.labels[place] for place in answer.chosen]}
    return {"number": answer.number} if answer.number is not None else {"text": len(answer.text)}


def choices_of(question: Question, answer: Answer) -> Iterator[Choice]:
    yield from (question.choices[question.labels[place]] for place in answer.chosen)


def tags_of(question: Question, answer: Answer) -> Iterator[tuple[str, float]]:
    """What an answer says of a person."""
    for choice in choices_of(question, answer):
        yield from choice.tags.items()
    if question.tag is not None and answer.number is not None:
        yield question.tag, (answer.number - 3) / 2
