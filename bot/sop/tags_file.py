"""``tags.yaml``: which tags there are, by which words and acts; what it leaves out is usual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import chain
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.people.points import Dimension
from bot.scoring import tag_rules
from bot.scoring.tag_rules import Tagging
from bot.sop.language import Model, Name, as_tuple
from bot.sop.problems import Finding, Loc, Mistake, closest
from bot.sop.scoring_file import Days

USUAL = Tagging()
LONGEST_KEY = 12


def _one_word(key: str) -> str:
    if any(it.isspace() for it in key):
        raise Mistake("标签里不能有空格：命令里它是一个词", key.replace(" ", ""))
    if len(key) > LONGEST_KEY:
        raise Mistake(f"标签最多 {LONGEST_KEY} 个字")
    return key


Key = Annotated[Name, AfterValidator(_one_word)]
Words = Annotated[tuple[Name, ...], BeforeValidator(as_tuple)]
_Above = Annotated[float, Field(gt=0, le=1000, strict=False)]


class Value(Model):
    """``acts``: names of rewards, or ids of SOPs."""

    words: Words = ()
    acts: Words = ()


_M = TypeVar("_M", bound=Model)


def _falls(rule: _M, on: float, off: float) -> _M:
    """What comes and goes at the same point would do so every day."""
    if off >= on:
        raise Mistake("", findings=[Finding(("off",), "去掉的线要比打上的线低，不然天天变", f"{on / 2:g}")])
    return rule


class Interest(Model):
    """When an interest comes and goes."""

    on: _Above = USUAL.interest.on
    days: Annotated[int, Field(ge=1, le=100)] = USUAL.interest.days
    lift: Annotated[float, Field(ge=1, le=100, strict=False)] = USUAL.interest.lift
    off: _Above = USUAL.interest.off
    half_life: Days = timedelta(days=USUAL.interest.half_life)
    purchase: _Above = USUAL.interest.purchase
    members: Annotated[int, Field(ge=1, le=1_000_000)] = USUAL.interest.members

    @model_validator(mode="after")
    def _apart(self) -> Interest:
        return _falls(self, self.on, self.off)

    def rule(self) -> tag_rules.InterestRule:
        return tag_rules.InterestRule(
            self.on, self.days, self.lift, self.off, self.half_life.days, self.purchase, self.members
        )


class Acts(Model):
    """How acts move a value."""

    prior: _Above = USUAL.value.prior
    half_life: Days = timedelta(days=USUAL.value.half_life)


class Points(Model):
    """When the tag of a dimension of points comes and goes."""

    on: _Above = USUAL.standing.on
    off: _Above = USUAL.standing.off

    @model_validator(mode="after")
    def _apart(self) -> Points:
        return _falls(self, self.on, self.off)


class TagsFile(Model):
    """Tags by dimension, what is never one, and the thresholds."""

    values: dict[Key, Value] = Field({})
    interests: dict[Key, Annotated[Words, Field(min_length=1)]] = Field({})
    contribution: dict[Dimension, Key] = Field({})
    own: Annotated[tuple[Key, ...], BeforeValidator(as_tuple)] = ()
    never: Words = ()
    interest: Interest = Interest()
    acts: Acts = Acts()
    points: Points = Points()

    @model_validator(mode="after")
    def _sound(self) -> TagsFile:
        if found := [*self._twice(), *self._sensitive()]:
            raise Mistake("", findings=found)
        return self

    def _places(self) -> Iterator[tuple[str, Loc, bool]]:
        """Each key: where it stands, and whether it is a key there, too."""
        yield from (
            (key, (part, key), True) for part in ("values", "interests") for key in getattr(self, part)
        )
        yield from ((key, ("contribution", of), False) for of, key in self.contribution.items())
        yield from ((key, ("own", n), False) for n, key in enumerate(self.own))

    def _twice(self) -> Iterator[Finding]:
        seen = Counter[str]()
        for key, loc, is_key in self._places():
            if seen[key]:
                yield Finding(loc, f"“{key}”写了两次：一个标签只属于一类", key=is_key)
            seen[key] += 1

    def _words(self) -> Iterator[tuple[str, Loc, bool]]:
        found: dict[Loc, Words] = {("values", key, "words"): it.words for key, it in self.values.items()}
        found |= {("interests", key): words for key, words in self.interests.items()}
        for loc, words in found.items():
            yield from ((word, (*loc, n), False) for n, word in enumerate(words))

    def _sensitive(self) -> Iterator[Finding]:
        rules = self.rules()
        for text, loc, is_key in chain(self._places(), self._words()):
            if word := rules.sensitive(text):
                yield Finding(
                    loc, f"“{word}”是敏感的（健康、孕产、信仰、政治、未成年人、住处），不能当标签", key=is_key
                )

    def unknown_acts(self, names: Collection[str]) -> Iterator[Finding]:
        """Acts that are neither a reward nor a SOP."""
        for key, value in self.values.items():
            for n, act in enumerate(value.acts):
                if act not in names:
                    told = f"没有“{act}”：写 SOP 的 id，或者奖励的名字"
                    yield Finding(("values", key, "acts", n), told, closest(act, names))

    def rules(self) -> Tagging:
        """The same as data."""
        return Tagging(
            {key: tag_rules.Value(it.words, it.acts) for key, it in self.values.items()},
            dict(self.interests),
            dict(self.contribution),
            self.own,
            self.never,
            self.interest.rule(),
            tag_rules.ValueRule(self.acts.prior, self.acts.half_life.days),
            tag_rules.ContributionRule(self.points.on, self.points.off),
        )
