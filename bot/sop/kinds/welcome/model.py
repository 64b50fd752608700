"""What operators write of a welcome, and what its templates may use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from bot.sop.catalog import Catalog
from bot.sop.language import Duration, Finding, Mistake, Model, Name, Sop, TemplateOf, as_tuple
from bot.sop.questions.question import Question, QuestionWords, ill_formed
from bot.sop.schedule import write_duration

_QUOTED = re.compile('[“"「]([^”"」]{1,10})[”"」]')


@dataclass(frozen=True, slots=True)
class HelloWords:
    """What the first message may use. ``consent`` tells how to begin; ``gate``: the room is to come."""

    name: str = "阿青"
    community: str = "原野之味"
    mission: str = "让每一餐都知道来处"
    bot: str = "小野"
    questions: int = 3
    keep_days: int = 90
    consent: str = "回复“好”开始"
    gate: bool = True


@dataclass(frozen=True, slots=True)
class TalkWords:
    """What the other messages of a questionnaire may use; ``question`` is the one that is open, ``invited``
    tells whether an invitation comes with it, ``gate`` whether the room is still to come."""

    name: str = "阿青"
    community: str = "原野之味"
    room: str = "会员1群"
    question: str = "家里平时谁做饭？"
    hours: int = 24
    said: str = ""
    invited: bool = True
    gate: bool = True


@dataclass(frozen=True, slots=True)
class GreetWords:
    """What the greeting of a group may use; ``more`` came beside those named, ``back`` came back.

    ``private`` questions are there for who asks for them in private.
    """

    names: tuple[str, ...] = ("阿青", "老周")
    more: int = 0
    back: tuple[str, ...] = ()
    community: str = "原野之味"
    mission: str = "让每一餐都知道来处"
    question: str = ""
    private: int = 0


Talk = Annotated[str, TemplateOf(TalkWords), Field(validate_default=True)]


class Hello(Model):
    """The first message in private: mission, house rules, privacy; it asks for consent."""

    template: Annotated[str, TemplateOf(HelloWords), Field(validate_default=True)] = "hello.j2"
    after: Duration = timedelta(minutes=1)
    consent: Name = "回复“好”开始"

    @property
    def word(self) -> str:
        """The word that means yes: what is quoted in ``consent``."""
        found = _QUOTED.search(self.consent)
        return found[1].strip() if found else "好"


class Patience(Model):
    """One reminder, and an end, both counted from the first message."""

    remind: Duration = timedelta(hours=24)
    give_up: Duration = timedelta(days=3)
    template: Talk = "questionnaire_reminder.j2"


class Fit(Model):
    """Below ``pass`` a human decides; nobody is rejected by the machine."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", populate_by_name=True)

    at_least: Annotated[float, Field(alias="pass")] = 0
    otherwise: Literal["人工"] = "人工"
    answer_within: Duration = timedelta(hours=24)
    template: Talk = "please_wait.j2"


class Greet(Model):
    """Who joins within ``gather`` is greeted together, ``names`` of them by name."""

    gather: Duration = timedelta(minutes=10)
    names: Annotated[int, Field(ge=1, le=5)] = 5
    template: Annotated[str, TemplateOf(GreetWords), Field(validate_default=True)] = "welcome_together.j2"


class Wording(Model):
    """The other messages; each has a template that comes with the project."""

    question: Annotated[str, TemplateOf(QuestionWords), Field(validate_default=True)] = "question.j2"
    passed: Talk = "questionnaire_passed.j2"
    rejected: Talk = "questionnaire_rejected.j2"
    cancelled: Talk = "questionnaire_cancelled.j2"
    human: Talk = "questionnaire_to_human.j2"
    appeal: Talk = "questionnaire_appeal.j2"
    how_to_begin: Talk = "questionnaire_begin.j2"
    voice: Talk = "questionnaire_voice.j2"
    still_waiting: Talk = "still_waiting.j2"
    follow_up: Talk = "invitation_follow_up.j2"


class Asked(Question):
    """``referral``: it asks who brought them; what says so is in ``bot/sop/referring.py``."""

    referral: bool = False


def _sound(questions: tuple[Asked, ...]) -> tuple[Asked, ...]:
    findings = [finding for n, question in enumerate(questions) for finding in ill_formed(n, question)]
    findings += [
        Finding((n, "referral"), "问谁介绍来的，要让对方写一句话", "answer: text")
        for n, question in enumerate(questions)
        if question.referral and question.answer != "text"
    ]
    grouped = [n for n, question in enumerate(questions) if question.in_group]
    findings += [
        Finding((n, "in_group"), "群里最多问一题，其余的请私下问", "in_group: false") for n in grouped[1:]
    ]
    if findings:
        raise Mistake("", findings=findings)
    return questions


class Welcome(Sop):
    """Welcomes people: ``gate`` asks in private and invites, ``onboarding`` greets who came in and asks."""

    mode: Literal["gate", "onboarding"]
    hello: Hello = Hello()
    questions: Annotated[
        tuple[Asked, ...], BeforeValidator(as_tuple), Field(max_length=4), AfterValidator(_sound)
    ] = ()
    patience: Patience = Patience()
    fit: Fit = Fit()
    greet: Greet | None = None
    wording: Wording = Wording()

    @property
    def private(self) -> tuple[int, ...]:
        """The questions that are asked in private, by their places."""
        return tuple(n for n, question in enumerate(self.questions) if not self.in_group(question))

    def in_group(self, question: Question) -> bool:
        return question.in_group and self.mode == "onboarding"

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        if self.mode == "gate" and not self.rooms:
            yield Finding(("mode",), "先问后进要写明进哪个群：加一行 rooms", "rooms: 会员1群")
        if self.mode == "gate" and not self.questions:
            yield Finding(("mode",), "先问后进至少要有一个问题", "questions: […]")
        best = sum(question.best for question in self.questions)
        if self.fit.at_least > best:
            yield Finding(
                ("fit", "pass"), f"没有人能答到 {self.fit.at_least:g} 分，最多 {best:g} 分", f"{best:g}"
            )
        if self.patience.remind >= self.patience.give_up:
            yield Finding(("patience", "remind"), "提醒要早于放弃", "24h")
        if self.mode == "gate" and self.audience is not None:
            why = "来加好友的人还不在群里，哪群人里都没有他们，谁也问不到"
            yield Finding(("audience",), why, "去掉 audience", key=True)

    def for_audience(self) -> str:
        return "只欢迎其中的人"

    def explain(self) -> Iterable[str]:
        asked = f"问{len(self.questions)}个问题" if self.questions else "不问问题"
        after, give_up = write_duration(self.hello.after), write_duration(self.patience.give_up)
        if self.mode == "gate":
            yield f"有人加好友，{after}后私聊打招呼：先说宗旨、群公约和隐私，{self.hello.consent}，{asked}。"
            within = write_duration(self.fit.answer_within)
            yield f"满{self.fit.at_least:g}分请进群；不到的由人定，{within}内答复（/待定、/通过、/婉拒）。"
        else:
            yield f"有人进群就欢迎；{asked}，群里最多问一个，别的私下问。"
        remind = write_duration(self.patience.remind)
        yield f"没答完的，{remind}后提醒一次，{give_up}后不再等。"
        if self.greet is not None:
            yield f"新进群的攒{write_duration(self.greet.gather)}一起欢迎，最多点{self.greet.names}个名字。"

    def gives_tags(self) -> Iterable[str]:
        choices = (choice for question in self.questions for choice in question.choices.values())
        return (key for choice in choices for key in choice.tags)
