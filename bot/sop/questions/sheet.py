"""Where a talk of questions is, and what becomes of it by what is said next. Pure.

A kind keeps the state in a run: ``step``, the place of the open question (``at``), the ``answers`` by place,
how often an answer was ``unclear``, and whether it was said that a ``voice`` cannot be heard.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from bot.events import MessageKind
from bot.sop.occasion import Heard
from bot.sop.questions.question import Answer, Question
from bot.sop.questions.reading import Control, control, read

State = Mapping[str, Any]
TRIES = 3
"""Answers that are not understood before it is given up."""
BURST = timedelta(seconds=10)
_OPEN = ("consent", "asking")


class Turn(Enum):
    """What follows from what was said."""

    ASK = "another question is open"
    AGAIN = "it was not understood: the same once more"
    LOST = "it was not understood so often that it is given up"
    SILENCE = "it belongs to what was not understood just before"
    VOICE = "it was the first voice message"
    CANCEL = "they want no more of it"
    DONE = "all is answered"


@dataclass(frozen=True, slots=True)
class Sheet:
    """``order``: the places that are asked; ``needs``: those for which another must have been answered."""

    questions: Sequence[Question]
    order: tuple[int, ...]
    state: State
    needs: Mapping[int, int] = field(default_factory=dict)

    @property
    def question(self) -> Question:
        return self.questions[self.state["at"]]

    @property
    def _kept(self) -> Mapping[str, Any]:
        kept: Mapping[str, Any] = self.state.get("answers", {})
        return kept

    @property
    def answers(self) -> dict[int, Answer]:
        return {
            int(place): Answer(tuple(it["chosen"]), it["number"], it["text"])
            for place, it in self._kept.items()
        }

    @property
    def messages(self) -> dict[int, int]:
        """The messages by which was answered, by the places of their questions."""
        return {int(place): it["message"] for place, it in self._kept.items()}

    def without(self, messages: Collection[int]) -> dict[str, Any]:
        """The answers that were not given by these messages: those were taken back."""
        return {place: it for place, it in self._kept.items() if it["message"] not in messages}

    def hear(self, heard: Heard) -> tuple[Turn, dict[str, Any]]:
        """What follows, and what of the state is new."""
        if is_first_voice(self.state, heard):
            return Turn.VOICE, {"voice": True}
        is_text = heard.message.kind is MessageKind.TEXT
        match control(heard.text) if is_text else None:
            case Control.CANCEL:
                return Turn.CANCEL, {}
            case Control.BACK:
                return Turn.ASK, {"at": self._before(), "unclear": 0}
            case Control.SKIP:
                return self.note(heard.id, None)
        answer = read(self.question, heard.text) if is_text else None
        return self._unclear(heard) if answer is None else self.note(heard.id, answer)

    def _before(self) -> int:
        earlier = [n for n in self._asked(self._kept) if n < self.state["at"]]
        return earlier[-1] if earlier else self.order[0]

    def _asked(self, answers: Mapping[str, Any]) -> list[int]:
        return [n for n in self.order if n not in self.needs or str(self.needs[n]) in answers]

    def note(self, message: int, answer: Answer | None) -> tuple[Turn, dict[str, Any]]:
        """An answer (None: skipped) is kept, and the next question is open."""
        place: int = self.state["at"]
        kept = {n: it for n, it in self._kept.items() if n != str(place)}
        if answer is not None:
            told = {"chosen": answer.chosen, "number": answer.number, "text": answer.text}
            kept[str(place)] = {**told, "message": message}
        coming = [n for n in self._asked(kept) if n > place]
        new = {"answers": kept, "unclear": 0}
        return (Turn.ASK, {**new, "at": coming[0]}) if coming else (Turn.DONE, new)

    def _unclear(self, heard: Heard) -> tuple[Turn, dict[str, Any]]:
        new = not_understood(self.state, heard.occurred_at)
        if new is None:
            return Turn.SILENCE, {}
        return (Turn.LOST if new["unclear"] >= TRIES else Turn.AGAIN), new


def is_open(state: State) -> bool:
    """Whether an answer is awaited."""
    return state.get("step") in _OPEN


def is_first_voice(state: State, heard: Heard) -> bool:
    """Whether this is a voice message, and it was not said yet that it cannot be heard."""
    return heard.message.kind is MessageKind.VOICE and not state["voice"]


def not_understood(state: State, said_at: datetime) -> dict[str, Any] | None:
    """What of the state is new; None: it belongs to the last one, as a burst of pictures is one answer."""
    before, unclear = state.get("unclear_at"), state["unclear"] + 1
    if unclear > 1 and before and said_at - datetime.fromisoformat(before) < BURST:
        return None
    return {"unclear": unclear, "unclear_at": said_at.isoformat()}
