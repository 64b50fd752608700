"""Reading a command as it is typed on a phone: ``/room enable 会员1群``, ``／开群 “会员1群”``, ``、排行``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.sop.kind import Command
from bot.sop.problems import closest

SLASHES = "/／、"
_FIRST = (*SLASHES, "@")
_WORD = re.compile(r"""[“”"]([^“”"]*)[“”"]|[‘’']([^‘’']*)[‘’']|[「『]([^「『」』]*)[」』]|(\S+)""")
_MENTION = re.compile(r"^@\S+?[\u2005\s]+(?=[/／、])")
_ADDRESS = re.compile(r"^@\S+[\u2005\s]+")
_MOST_WORDS = 3
LONGEST = 4_000
"""Characters; whoever writes more talks, and gives no command."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command and what was typed behind it."""

    command: Command
    args: tuple[str, ...]
    rest: str = field(default="", compare=False)
    """The same as it was typed."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that looks like a command; ``suggestion`` is what may have been meant, or empty."""

    typed: str
    suggestion: str


class Commands:
    """All commands, found by any of their names."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.all = tuple(commands)
        self._by_name = {tuple(name.casefold().split()): c for c in commands for name in c.names}
        self._by_word = {word: c for c in commands for word in c.words}
        self._by_lead = {lead: c for c in commands for lead in c.leads}
        self._leads = tuple(self._by_lead)
        self._firsts = (*_FIRST, *self._leads)
        self._glued = {lead: c for lead, c in self._by_lead.items() if c.glued}

    def may_be_one(self, text: str, *, addressed: bool) -> bool:
        """Whether it is worth while to read ``text``; nearly nothing that is said is."""
        return addressed or text.lstrip().startswith(self._firsts)

    def read(self, text: str, *, addressed: bool) -> Call | Unknown | None:
        """What ``text`` calls for; None: no command. ``addressed``: said to the bot, so bare words count."""
        if not addressed and not text.lstrip().startswith(_FIRST):
            return None
        if len(text := text.strip()) > LONGEST:
            return None
        if text.startswith("@"):
            text = _MENTION.sub("", text)
        if text[:1] and text[0] in SLASHES:
            return self._read_words(text[1:])
        bare = _without_mention(text) if addressed else text
        return Call(self._by_word[bare], ()) if addressed and bare in self._by_word else None

    def read_lead(self, text: str, *, addressed: bool) -> Call | None:
        """Bare words that begin like a command's lead and have something behind it.

        So may what others say: it is a command to those only who may give it.
        """
        if len(text) > LONGEST or not (addressed or text.lstrip().startswith(self._leads)):
            return None
        bare = _without_mention(text.strip()) if addressed else text
        if (glued := self._read_glued(bare)) is not None:
            return glued
        lead, *rest = bare.split(maxsplit=1) or [""]
        command = self._by_lead.get(lead)
        return Call(command, tuple(split(rest[0])), rest[0].strip()) if command and rest else None

    def _read_glued(self, text: str) -> Call | None:
        """``发4821``: a lead, and nothing but a number right behind it."""
        for lead, command in self._glued.items():
            number = text.strip().removeprefix(lead)
            if number.isdecimal() and len(text.strip()) > len(number):
                return Call(command, (number,), number)
        return None

    def _read_words(self, text: str) -> Call | Unknown | None:
        words = split(text)
        if not words:
            return None
        for count in range(min(_MOST_WORDS, len(words)), 0, -1):
            command = self._by_name.get(tuple(word.casefold() for word in words[:count]))
            if command is not None:
                return Call(command, tuple(words[count:]), behind(text, count))
        if (glued := self._read_glued(text)) is not None:
            return glued
        typed = " ".join(words[:2])
        known = [name for command in self.all for name in command.names]
        return Unknown(words[0], closest(typed, known) or closest(words[0], known))


def behind(text: str, count: int) -> str:
    """What stands behind the first ``count`` words."""
    ends = [match.end() for match in _WORD.finditer(text)]
    return text[ends[count - 1] :].strip()


def _without_mention(text: str) -> str:
    return _ADDRESS.sub("", text)


def split(text: str) -> list[str]:
    """Words apart by spaces of any width; what stands in quotes of any kind is one word."""
    return [next(filter(None, match.groups()), "") for match in _WORD.finditer(text)]
