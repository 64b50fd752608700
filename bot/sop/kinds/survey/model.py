"""What operators write of a survey, and what its templates may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from bot.sop.catalog import Catalog
from bot.sop.language import Duration, Every, Finding, Mistake, Model, Name, Sop, TemplateOf, as_tuple
from bot.sop.questions.question import Question, QuestionWords, ill_formed
from bot.sop.schedule import Schedule, once, write_duration

NPS, WHY = "nps", "why"
"""What the question of recommending, and that for its reason, are called in the log; the others: q1, q2 …"""
_EXAMPLE = "2026-12-05 19:30"


@dataclass(frozen=True, slots=True)
class FirstWords:
    """What the first message may use: it asks the first question."""

    name: str = "阿青"
    community: str = "原野之味"
    bot: str = "小野"
    question: str = "您有多愿意把我们推荐给家人朋友？"
    how: str = "回 0 到 10，10 是非常愿意"
    total: int = 3


@dataclass(frozen=True, slots=True)
class SurveyWords:
    """What the other messages may use; ``question`` is the one that is open, ``told``: a human was."""

    name: str = "阿青"
    community: str = "原野之味"
    survey: str = "每月小问卷"
    question: str = "您有多愿意把我们推荐给家人朋友？"
    told: bool = False


@dataclass(frozen=True, slots=True)
class InviteWords:
    """What may be said in a room to those whom the bot cannot write to."""

    survey: str = "每月小问卷"
    community: str = "原野之味"
    bot: str = "小野"
    total: int = 3


Talk = Annotated[str, TemplateOf(SurveyWords), Field(validate_default=True)]


def _moment(value: object) -> datetime:
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        raise Mistake(f"看不懂“{value}”，写成 {_EXAMPLE}", _EXAMPLE) from None
    if read.tzinfo is not None or (read.second, read.microsecond) != (0, 0) or ":" not in str(value):
        raise Mistake(f"“{value}”要写明几点几分，不写时区", _EXAMPLE)
    return read


Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%d %H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": [_EXAMPLE]}),
]


class Nps(Model):
    """How willingly somebody recommends the community, from 0 to 10, and why."""

    ask: Name = "您有多愿意把我们推荐给家人朋友？"
    why: Name = "方便说说为什么吗？一句话就好"


def _nps(value: object) -> object:
    return {True: Nps(), False: None}[value] if isinstance(value, bool) else value


class Patience(Model):
    """One reminder, and an end, both counted from when the first question was sent."""

    remind: Duration = timedelta(hours=24)
    give_up: Duration = timedelta(days=3)
    template: Talk = "survey_reminder.j2"


class Wording(Model):
    """The other messages; each has a template that comes with the project."""

    first: Annotated[str, TemplateOf(FirstWords), Field(validate_default=True)] = "survey_first.j2"
    question: Annotated[str, TemplateOf(QuestionWords), Field(validate_default=True)] = "question.j2"
    thanks: Talk = "survey_thanks.j2"
    cancelled: Talk = "survey_cancelled.j2"
    declined: Talk = "survey_declined.j2"
    unclear: Talk = "survey_unclear.j2"
    voice: Talk = "questionnaire_voice.j2"
    invite: Annotated[str, TemplateOf(InviteWords), Field(validate_default=True)] = "survey_invite.j2"


def _sound(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    findings = [finding for n, question in enumerate(questions) for finding in ill_formed(n, question)]
    for n, question in enumerate(questions):
        if question.in_group:
            findings.append(Finding((n, "in_group"), "小问卷只在私下问", "去掉 in_group"))
        findings += [
            Finding((n, "choices", label, "fit"), "小问卷不看合不合适", "去掉 fit")
            for label, choice in question.choices.items()
            if choice.fit
        ]
    if findings:
        raise Mistake("", findings=findings)
    return questions


class Survey(Sop):
    """Asks members who took part lately some questions in private, each at most once within ``again``.

    ``keep``: for how long free words are kept.
    """

    every: Every | None = None
    on: Moment | None = None
    late_after: Duration = timedelta(hours=2)
    active: Duration = timedelta(days=30)
    at_once: Annotated[int, Field(ge=1, le=500)] = 100
    again: Duration = timedelta(days=90)
    nps: Annotated[Nps | None, BeforeValidator(_nps, json_schema_input_type=Nps | bool | None)] = None
    questions: Annotated[
        tuple[Question, ...], BeforeValidator(as_tuple), Field(max_length=4), AfterValidator(_sound)
    ] = ()
    patience: Patience = Patience()
    keep: Duration = timedelta(days=180)
    wording: Wording = Wording()

    @property
    def schedule(self) -> Schedule | None:
        """``on`` comes on this day of every year; who plays it looks at the year."""
        return self.every if self.on is None else once(self.on.date(), f"{self.on:%H:%M}")

    @property
    def asked(self) -> dict[str, Question]:
        """All questions in their order, by what they are called in the log."""
        own = {f"q{n}": question for n, question in enumerate(self.questions, 1)}
        if self.nps is None:
            return own
        recommends = Question(ask=self.nps.ask, answer="nps")
        return {NPS: recommends, WHY: Question(ask=self.nps.why, answer="text", optional=True), **own}

    @property
    def needs(self) -> Mapping[int, int]:
        """Who gave no mark is asked for no reason."""
        return {} if self.nps is None else {1: 0}

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        if (self.every is None) is (self.on is None):
            yield Finding(("id",), "什么时候问：every（定期）和 on（只问一次）写一个", "every: 每月1日 19:30")
        if not self.asked:
            yield Finding(("id",), "一个问题也没有：写 nps: true，或者写 questions", "nps: true")
        if self.patience.remind >= self.patience.give_up:
            yield Finding(("patience", "remind"), "提醒要早于放弃", "24h")
        if self.again < self.patience.give_up:
            yield Finding(("again",), "上一次还没等完就又问了，隔久一点", "90d")

    def doubts(self, zone: ZoneInfo, today: date) -> Iterable[Finding]:
        if self.on is not None and self.on.date() < today:
            why = f"{self.on:%Y-%m-%d} 已经过去了，不会再问"
            yield Finding(("on",), why, "换新的日子，或者写 enabled: false")

    def for_audience(self) -> str:
        return "只问其中的人，别人发“小问卷”也不问"

    def explain(self) -> Iterable[str]:
        when = "" if self.schedule is None else self.schedule.words
        active, again = write_duration(self.active), write_duration(self.again)
        yield f"{when} 私聊问{len(self.asked)}题，一次最多问{self.at_once}位，{again}内同一个人只问一次。"
        yield f"问{active}里在群里说过话的好友；不是好友的，群里只说一句，请他们私聊来答。"
        if self.nps is not None:
            yield "先问愿不愿意推荐（0 到 10），再问为什么；6 分以下又说了原因的，马上告诉运营群。"
        remind, give_up = write_duration(self.patience.remind), write_duration(self.patience.give_up)
        yield f"没答完的，{remind}后提醒一次，{give_up}后不再等；说一句别再问，以后都不再问。"
        yield f"看结果发 /问卷结果 {self.id}。"

    def gives_tags(self) -> Iterable[str]:
        for question in self.questions:
            yield from ([question.tag] if question.tag is not None else [])
            yield from (key for choice in question.choices.values() for key in choice.tags)
