"""What operators write of waking the silent, and what its templates may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.sop.catalog import Catalog
from bot.sop.language import Duration, Every, Finding, Mistake, Model, Name, Sop, TemplateOf, as_tuple
from bot.sop.problems import Loc
from bot.sop.schedule import write_duration

MOST_STEPS = 2
"""Who did not answer twice is not written to a third time."""


@dataclass(frozen=True, slots=True)
class WakeupWords:
    """What the templates may use; ``days`` is how long the person has been silent."""

    name: str = "阿青"
    community: str = "原野之味"
    bot: str = "小野"
    days: int = 30
    interest: str = ""


Wording = Annotated[str, TemplateOf(WakeupWords), Field(validate_default=True)]


class Step(Model):
    """A private word, ``after`` so long a silence."""

    after: Duration
    template: Wording
    intent: Literal["give", "ask", "service"] = "give"


def _share(value: object) -> object:
    if isinstance(value, str) and value.strip().endswith("%"):
        number = value.strip().removesuffix("%")
        if number.isdigit() and int(number) <= 50:
            return int(number) / 100
    if isinstance(value, float):
        return value
    raise Mistake(f"看不懂比例“{value}”，写成 10%，最多 50%", "10%")


class Wakeup(Sop):
    """``every`` round, write to at most ``at_once`` people; ``interests`` fit the word to a tag."""

    every: Every
    late_after: Duration = timedelta(hours=2)
    ladder: Annotated[tuple[Step, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=MOST_STEPS)]
    interests: dict[Name, Annotated[str, TemplateOf(WakeupWords)]] = Field({})
    hold_out: Annotated[float, BeforeValidator(_share), Field(ge=0, le=0.5)] = 0.1
    at_once: Annotated[int, Field(ge=1, le=200)] = 20
    legitimate: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = ("潜水", "就看看", "只看看")
    declined: Wording = "wakeup_declined.j2"

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        for n, (step, before) in enumerate(zip(self.ladder[1:], self.ladder, strict=False), 1):
            if step.after <= before.after:
                yield Finding(("ladder", n, "after"), "后一步要比前一步沉默得更久", "60d")

    def heeds_tags(self) -> Iterable[tuple[str, Loc]]:
        return ((key, ("interests", key)) for key in self.interests)

    def for_audience(self) -> str:
        return "只问候其中的人"

    def explain(self) -> Iterable[str]:
        steps = "，再过了".join(f"{write_duration(step.after)}没说话私聊一次" for step in self.ladder)
        yield f"{self.every.words}看一轮，一轮最多{self.at_once}位：{steps}，之后不再发。只发给好友。"
        yield f"留{self.hold_out:.0%}的人不发，用来比较有没有用。"
        late = write_duration(self.late_after)
        yield f"说一句不用了、{'、'.join(self.legitimate)}，就永远不再发。过了{late}不补。"
