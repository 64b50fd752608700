"""A first draft of a SOP: the commented file of the same kind that is there already, under another id."""

from __future__ import annotations

import re

from bot.errors import BotError
from bot.sop.loader import SopSet

_ID = re.compile(r"^id:.*$", re.MULTILINE)
_NAME = re.compile(r"^(name:.*)$", re.MULTILINE)
_ENABLED = re.compile(r"^enabled:.*\n?", re.MULTILINE)


def draft(sops: SopSet, kind: str, id: str) -> str:
    """A file of ``kind`` that is switched off; raises ``BotError`` where that cannot be."""
    if kind not in sops.kinds:
        raise BotError(f"没有“{kind}”这种 SOP，有：{'、'.join(sops.kinds)}")
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id) is None:
        raise BotError(f"编号“{id}”只能用小写字母、数字和“-”，例如 friday-story")
    if id in sops.declared:
        raise BotError(f"编号 {id} 已经有了，在 {sops.source[id].file} 里。换一个：--id {id}-2")
    found = [sop for sop in sops.declared.values() if sop.sop == kind]
    if not found:
        raise BotError(f"还没有一份 {kind} 可以照着写。")
    like = min(found, key=lambda sop: not sop.enabled)
    text = _ID.sub(f"id: {id}", _ENABLED.sub("", sops.source[like.id].text), count=1)
    return _NAME.sub(r"\1\nenabled: false              # 写好了改成 true", text, count=1)
