"""Wording, and what members wrote made fit to stand in it."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
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
    """The templates of a folder. A file that changes is read again: wording is live."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = Sandbox(Folder(folder))

    def names(self) -> list[str]:
        """Every template, as SOPs name it."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.j2"))

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
        problem = catalog.templates.try_out(template, words(item))
        if problem is not None:
            message = f"{problem.message}（写 {item.file} 时）"
            yield from caused_by([dataclasses.replace(problem, message=message)], loc)


_AT = dict.fromkeys(map(ord, "@＠﹫"))
_BLANK_LETTERS = dict.fromkeys(map(ord, "\u034f\u115f\u1160\u2800\u3164\uffa0"))
_BEGINS_OURS = " /／⁄∕、#＃﹟"


def harmless(text: str, limit: int = 40) -> str:
    """What a member wrote, so that the bot can repeat it: one line of at most ``limit`` visible characters.

    It calls nobody (no @ is left: ``@所有人`` would ring everywhere) and begins no command and no hashtag.
    """
    visible = "".join(letter for letter in " ".join(text.split()) if _is_visible(letter))
    plain = " ".join(visible.translate(_AT | _BLANK_LETTERS).split()).lstrip(_BEGINS_OURS)
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def _is_visible(letter: str) -> bool:
    """Not a control, zero-width, direction, private or surrogate character."""
    return unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs")
