"""Whether a chat's message sounds glad: phrases that groups use (``phrases``), and a small linear model.

Most of what is said in a group is neither praise nor reproach, and the reviews that the model learnt from are
nothing else. So it abstains unless it is sure, and must be surer where no phrase speaks for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from bot.scoring.letters import weigh
from bot.scoring.reading import Reading, read

MODEL = Path(__file__).with_name("sentiment.json")
SURE = 0.7
"""How probable a side must be, where a phrase speaks for it."""
SURER = 0.8
"""And where the model alone does."""
SUREST = 0.9
"""And where something else was said as well."""

Sign = Literal[1, 0, -1]


@dataclass(frozen=True, slots=True)
class Feeling:
    """``sign``: 0 is lukewarm or mixed; None is an abstention, as nearly all practical talk is.

    ``probability``: that it is praise, if it is either praise or reproach.
    """

    sign: Sign | None
    probability: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of one sign, among judged messages: the share of those that have it that are found, and of the others
    that are left alone."""

    sensitivity: float
    specificity: float


def judge(text: str) -> Feeling:
    return judge_with(_model()["weights"], text)


def judge_with(weights: Mapping[str, int], text: str) -> Feeling:
    reading = read(text)
    probability = 1 / (1 + math.exp(-weigh(reading.rest, weights, reading.leaning)))
    if reading.asks:
        return Feeling(None, probability)
    if max(probability, 1 - probability) >= _enough(reading):
        return Feeling(1 if probability > 0.5 else -1, probability)
    return Feeling(0 if reading.is_torn else None, probability)


def _enough(reading: Reading) -> float:
    if reading.is_torn:
        return SUREST
    return SURE if reading.has_phrase else SURER


def reliability(sign: Literal[1, -1]) -> Reliability:
    """As measured on the reviews that were held out when the model learnt; a chat's may differ."""
    return Reliability(**_model()["reliability"]["positive" if sign > 0 else "negative"])


@cache
def _model() -> dict[str, Any]:
    model: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
    return model
