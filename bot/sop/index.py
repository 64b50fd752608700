"""Who has to be asked about an event: found by lookup, so that a thousand SOPs cost about as much as ten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.lexicon import Lexicon
from bot.people.directory import Room
from bot.sop import hashtags
from bot.sop.kind import Act, Kind, OnFriend, OnHashtag, OnHeard, OnJoin, OnRecall, OnSlot, OnWait, OnWords
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.schedule import Schedule
from bot.sop.timetable import Line
from bot.sop.words import Words


@dataclass(frozen=True, slots=True)
class Candidate:
    """A behaviour that an event may concern, in the rooms of its SOP."""

    sop: Sop
    act: Act

    def minds(self, room: Room | None) -> bool:
        return room is not None and is_for(self.sop, room.key)


def is_for(sop: Sop, room_key: str) -> bool:
    """Whether a SOP plays in a room; one that names no rooms plays in all."""
    return sop.rooms is None or room_key in sop.rooms


class Index:
    """Lookups over all SOPs of a set, made once when the set is loaded."""

    def __init__(self, sops: SopSet) -> None:
        self._sops = sops
        self._tags: defaultdict[str, list[Candidate]] = defaultdict(list)
        worded: list[tuple[str, Candidate]] = []
        self._joins: list[Candidate] = []
        self._friends: list[Candidate] = []
        for sop in sops.sops.values():
            for behaviour in sops.kind_of(sop).behaviours:
                match behaviour:
                    case OnHashtag(tags=tags, act=act):
                        for tag in tags(sop):
                            self._tags[tag].append(Candidate(sop, act))
                    case OnWords(words=words, act=act):
                        worded += [(word, Candidate(sop, act)) for word in words(sop)]
                    case OnJoin(act=act):
                        self._joins.append(Candidate(sop, act))
                    case OnFriend(act=act):
                        self._friends.append(Candidate(sop, act))
        self._words = Words(worded)
        complaints = sops.community.complaints
        self._complaints = Lexicon(complaints.words, complaints.unless)
        self._longest = max(map(len, self._tags), default=0)

    def tagged(self, text: str, room: Room | None) -> list[Candidate]:
        """Those who answer a hashtag that ``text`` bears here, each once."""
        tags = hashtags.find(text, self._tags, self._longest)
        if not tags:
            return []
        return _each_once(candidate for tag in tags for candidate in self._tags[tag] if candidate.minds(room))

    def worded(self, text: str, room: Room | None) -> list[Candidate]:
        """Those who answer a word that ``text`` contains here, each once."""
        if room is None:
            return []
        return _each_once(candidate for candidate in self._words.find(text) if candidate.minds(room))

    def complains(self, text: str) -> bool:
        """Whether ``text`` is a complaint by the community's words."""
        return self._complaints.is_in(text)

    def joins(self, room: Room) -> list[Candidate]:
        """Those who mind that somebody comes into ``room``."""
        return [candidate for candidate in self._joins if candidate.minds(room)]

    @property
    def friends(self) -> Sequence[Candidate]:
        """Those who mind that somebody became friends with us."""
        return self._friends

    def line(self, sop_id: str, room_id: int, step: str) -> Line | None:
        """One line of the timetable."""
        sop = self._sops.sops.get(sop_id)
        if sop is None:
            return None
        lines = lines_of(sop, self._sops.kind_of(sop), room_id)
        return next((line for line in lines if line.step == step), None)

    def lines(self, rooms: Iterable[Room]) -> Iterator[Line]:
        """The timetable of these rooms."""
        for room in rooms:
            for sop in self._sops.sops.values():
                if is_for(sop, room.key):
                    yield from lines_of(sop, self._sops.kind_of(sop), room.id)


def _each_once(found: Iterable[Candidate]) -> list[Candidate]:
    return list({(candidate.sop.id, candidate.act): candidate for candidate in found}.values())


def lines_of(sop: Sop, kind: Kind, room_id: int) -> Iterator[Line]:
    """The timetable of one SOP in one room."""
    for behaviour in kind.behaviours:
        if isinstance(behaviour, OnSlot):
            late_after = behaviour.late_after(sop)
            for nth, schedule in enumerate(_schedules(behaviour, sop)):
                step = behaviour.step if nth == 0 else f"{behaviour.step}#{nth + 1}"
                yield Line(sop.id, room_id, step, schedule, late_after)


def _schedules(behaviour: OnSlot, sop: Sop) -> tuple[Schedule, ...]:
    found = behaviour.schedule(sop)
    return () if found is None else found if isinstance(found, tuple) else (found,)


def nth(step: str) -> int:
    """Which of the schedules of its behaviour a step is, from 0."""
    return int(step.partition("#")[2] or 1) - 1


def on_heard(kind: Kind) -> OnHeard | None:
    return next((b for b in kind.behaviours if isinstance(b, OnHeard)), None)


def on_recall(kind: Kind) -> Act | None:
    return next((b.act for b in kind.behaviours if isinstance(b, OnRecall)), None)


def on_wait(kind: Kind, what: str) -> Act | None:
    return next((b.act for b in kind.behaviours if isinstance(b, OnWait) and b.what == what), None)


def on_slot(kind: Kind, step: str) -> Act | None:
    of = step.partition("#")[0]
    return next((b.act for b in kind.behaviours if isinstance(b, OnSlot) and b.step == of), None)


def first_slot(kind: Kind) -> OnSlot | None:
    """The kind's main moment: what a run by hand plays."""
    return next((b for b in kind.behaviours if isinstance(b, OnSlot)), None)
