"""Wording, and what members wrote made fit to stand in it."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import nodes as ast

from bot.errors import TemplateFailure
from bot.sop import template_errors
from bot.sop.problems import Finding, Loc, Problem, caused_by
from bot.sop.sandbox import Folder, Sandbox

if TYPE_CHECKING:
    from bot.sop.catalog import Catalog
    from bot.sop.shelves import ShelfItem


class Templates:
    """The templates of a folder as they are now: what is saved later is heeded by the next reading alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = Sandbox(Folder(folder))

    def names(self) -> list[str]:
        """Every template, as SOPs name it."""
        return sorted(self.texts)

    @property
    def texts(self) -> Mapping[str, str | Problem | None]:
        return self.environment.folder.texts

    def render(self, name: str, words: object) -> str:
        """The text that ``name`` makes of the fields of ``words``, a dataclass."""
        try:
            return self._render(name, words)
        except Exception as error:
            where, line, message = self._explain(error, name)
            raise TemplateFailure(f"模板 {where} 第 {line} 行：{message}", line) from error

    def try_out(self, name: str, words: object) -> Problem | None:
        """What goes wrong when ``name`` is rendered with ``words``."""
        try:
            if not self._render(name, words):
                return Problem(self.shown(name), 1, 1, "", "这个模板什么也没写出来", "写上要说的话")
        except Exception as error:
            where, line, message = self._explain(error, name)
            return Problem(self.shown(where), line, 1, "", message)
        return None

    def source(self, name: str) -> str:
        """The text of a template; raises jinja2's errors."""
        return self.environment.folder.get_source(self.environment, name)[0]

    def tree(self, name: str) -> ast.Template:
        """The syntax tree of a template, without what we refuse; raises jinja2's errors."""
        return self.environment.checked(self.environment.parse(self.source(name), name), name)

    def shown(self, name: str) -> str:
        """How problems name a template."""
        return f"{self.folder.name}/{name}"

    def _render(self, name: str, words: Any) -> str:
        variables = {field.name: getattr(words, field.name) for field in dataclasses.fields(words)}
        return self.environment.write(name, variables).strip()

    def _explain(self, error: Exception, name: str) -> tuple[str, int, str]:
        where, line = template_errors.place(error, self.folder, name)
        return where, line, self._without_data(where, template_errors.explain(error))

    def _without_data(self, name: str, message: str) -> str:
        """A word that the template does not hold came from the data, and may be a member's."""
        if "“" not in message:
            return message
        known = self.source(name)
        return re.sub("“(.*?)”", lambda word: word[0] if word[1] in known else "", message, flags=re.DOTALL)


def check_with_items(
    catalog: Catalog,
    loc: Loc,
    template: str,
    words: Callable[[ShelfItem], object],
    items: Iterable[ShelfItem],
) -> Iterator[Finding]:
    """What goes wrong with each of ``items`` in ``template``, which is named at ``loc``."""
    for item in items:
        problem = catalog.checks.try_with(template, words, item)
        if problem is not None:
            message = f"{problem.message}（写 {item.file} 时）"
            yield from caused_by([dataclasses.replace(problem, message=message)], loc)


_MOST_READ = 2_000
"""Characters of a text that are looked at for the few that are repeated."""
_CALLS = dict.fromkeys(map(ord, "@＠﹫#＃﹟"))
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffb"
    "\U0001d159\U000e0000-\U000e0fff]"
)
"""What shows nothing although Unicode calls it a letter, a mark or unassigned."""
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_JOINER = re.compile(f"(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])")
_BEGINS_OURS = " /／⁄∕、､"
_MOST_MARKS = 2


def harmless(text: str, limit: int = 40) -> str:
    """What a member wrote, so that the bot can repeat it: one line of at most ``limit`` visible characters.

    It calls nobody (no @ is left: ``@所有人`` would ring everywhere), bears no hashtag, begins no command,
    and hides or turns round nothing of what stands beside it. Families of emoji stay together.
    """
    read = _UNSEEN.sub("", text[:_MOST_READ].translate(_CALLS))
    shown = "".join(_without_stacks(_visible(read)))
    plain = " ".join(shown.split()).lstrip(_BEGINS_OURS)
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip(" \u200d") + "…"


def harmless_name(name: str, limit: int = 16) -> str:
    """A member's name, so that the bot can say it; who shows none is called a friend."""
    return harmless(name, limit) or "一位朋友"


def _visible(text: str) -> Iterator[str]:
    """The characters that can be seen, and spaces: no control, direction, private or surrogate ones."""
    joiners = {found.start() for found in _JOINER.finditer(text)}
    for place, letter in enumerate(text):
        if letter.isspace():
            yield " "
        elif place in joiners or unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs"):
            yield letter


def _without_stacks(letters: Iterable[str]) -> Iterator[str]:
    """Marks pile up on a letter until they cover the lines around it: two are enough for any language."""
    marks = 0
    for letter in letters:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            yield letter
