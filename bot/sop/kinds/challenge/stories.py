"""What a receipt asks of one entry, and the answer, which becomes a part of that entry.

A person is asked at most once in three entries. Their next words in the room within ten minutes are the
answer, or what quotes the question within a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from bot.people import directory
from bot.sop.context import Context
from bot.sop.kinds.challenge.board import AnyRow, standing_entries
from bot.sop.kinds.challenge.model import Challenge, Prompt
from bot.sop.occasion import Heard
from bot.sop.words import Words
from bot.store.tables import interaction

ASKED, TOLD, TAKEN_BACK = "story_asked", "story_told", "story_taken_back"
SCOPE = "story:"
NEXT_WORDS, QUOTED = timedelta(minutes=10), timedelta(days=1)
ENTRIES_BETWEEN = 3
LONG_ENOUGH = 30
"""Characters that tell more than a dish's name."""
_MERE_PRESENCE = frozenset(("收到", "好的", "谢谢", "哈哈", "哈哈哈", "早", "嗯", "在", "1", "好", "哦"))


class Asked(NamedTuple):
    """Whom a receipt asks for what."""

    identity_id: int
    prompt: Prompt


def ask(ctx: Context[Challenge], entries: Sequence[AnyRow], said: dict[str, str]) -> Asked | None:
    """Choose of ``entries`` one that does not tell what is wanted, and listen for its author's answer.

    ``said`` are the entries' words, by run.
    """
    open_to = [(row, wanted) for row in entries if (wanted := _wanted(ctx, said.get(row.object_id, "")))]
    for row, wanted in open_to:
        if not _was_asked_lately(ctx, row.member_id):
            prompt: Prompt = ctx.choose(wanted)
            _listen(ctx, row, prompt)
            return Asked(row.identity_id, prompt)
    return None


def _wanted(ctx: Context[Challenge], said: str) -> list[Prompt]:
    """What of ``ask_for`` an entry's words do not tell."""
    told = {"用了哪样": _product(ctx, said) != "", "家里的故事": len(said) >= LONG_ENOUGH}
    return [prompt for prompt in ctx.sop.entry.ask_for if not told[prompt]]


def _was_asked_lately(ctx: Context[Challenge], member_id: int) -> bool:
    mine = [row.id for row in standing_entries(ctx.tx, ctx.sop.id, member_id=member_id)]
    i = interaction.c
    asked = select(i.id).where(i.programme_id == ctx.sop.id, i.name == ASKED)
    lately = asked.where(i.parent_event_id.in_(mine[-ENTRIES_BETWEEN:]))
    return ctx.tx.connection.execute(lately.limit(1)).first() is not None


def _listen(ctx: Context[Challenge], row: AnyRow, prompt: Prompt) -> None:
    person = row.identity_id
    asked = ctx.record(
        ASKED, identity_id=person, parent=row.id, props={"about": prompt}, initiated_by="system"
    )
    state = {"prompt": prompt, "asked": asked, "run": row.object_id, "at": ctx.now.isoformat()}
    run = ctx.open_run(f"{SCOPE}{row.id}", "ask", person=directory.person_by_id(ctx.tx, person), state=state)
    ctx.listen(run, ctx.now + QUOTED)
    ctx.wake_at(run, ctx.now + QUOTED, "lapse")


def told(ctx: Context[Challenge]) -> None:
    """Somebody who was asked says something: the answer, if it comes in time or quotes the question."""
    assert ctx.heard is not None, "only what was said is heard"
    assert ctx.run is not None, "only runs listen"
    state = ctx.run.state
    if not _answers(ctx.heard, state["prompt"], datetime.fromisoformat(state["at"])):
        return
    product = _product(ctx, ctx.heard.text)
    ctx.record(
        TOLD,
        person=ctx.heard.person,
        about=("run", state["run"]),
        props={"about": state["prompt"], **({"product": product} if product else {})},
        initiated_by="prompted",
        prompt=state["asked"],
    )
    ctx.close(ctx.run)


def _answers(heard: Heard, prompt: str, asked_at: datetime) -> bool:
    words = heard.text.strip()
    if not words or words in _MERE_PRESENCE or words.endswith(("?", "？")):
        return False
    quote = heard.message.quote
    if quote is not None:
        return prompt in quote.text
    return heard.occurred_at - asked_at <= NEXT_WORDS


def taken_back(ctx: Context[Challenge]) -> None:
    """A story's message was recalled: it is told no more."""
    assert ctx.recalled is not None, "something was recalled"
    i = interaction.c
    query = select(i.id).where(
        i.parent_event_id == ctx.recalled.id, i.name == TOLD, i.programme_id == ctx.sop.id
    )
    for id in ctx.tx.connection.scalars(query).all():
        ctx.record(TAKEN_BACK, identity_id=ctx.recalled.identity_id, parent=id, corrects=id)


def _product(ctx: Context[Challenge], said: str) -> str:
    """The item of a shelf whose title ``said`` contains; empty: none."""
    titles = {
        item.title for shelf in ctx.sops.shelves.values() for item in shelf.items if len(item.title) > 1
    }
    return next(iter(Words((title, title) for title in sorted(titles)).find(said)), "")
