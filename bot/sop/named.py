"""Finding SOPs by what people call them: the id, or the name."""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import BotError
from bot.sop.language import Sop
from bot.sop.problems import did_you_mean


def called(sops: Iterable[Sop], name: str) -> Sop | None:
    """The one of ``sops`` with this id or name."""
    return next((sop for sop in sops if name in (sop.id, sop.name)), None)


def meant(sops: Iterable[Sop], name: str, otherwise: str = "。") -> str:
    """Which id or name of ``sops`` comes near to ``name``, as ``did_you_mean`` says it."""
    return did_you_mean(name, [known for sop in sops for known in (sop.id, sop.name)], otherwise)


def find(sops: Iterable[Sop], name: str) -> Sop:
    """The same as ``called``; raises ``BotError`` with what may be meant where there is none."""
    if (found := called(sops := list(sops), name)) is None:
        raise BotError(f"没有叫“{name}”的 SOP{meant(sops, name)}")
    return found
