"""A window: what members say in the room after a post is collected, and counted once a member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, select

from bot.events import MessageKind
from bot.people import directory, points
from bot.sop import runs
from bot.sop.context import CommandContext, Context
from bot.sop.kinds.theme_day.model import ThemeDay, Window
from bot.sop.occasion import Heard
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store.tables import interaction, texts
from bot.store.transaction import Transaction

Ctx = Context[ThemeDay]
VIEW, WITHDRAWN, CHOSEN = "window_contributed", "window_withdrawn", "view_chosen"
LATE_EVENTS = timedelta(seconds=5)
MOST_A_MEMBER, MOST_LISTED, LONGEST_VIEW, MOST_SHOWN = 5, 9, 60, 4
FEWEST_LETTERS = 5
"""Different characters without which it is 哈哈哈哈 and the like."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A view that stands: its number, the interaction, whose it is, and the message that it was."""

    number: int
    id: int
    identity_id: int
    message: int
    text: str


def open_window(ctx: Ctx, window: Window) -> None:
    """Listen to the room until the window closes."""
    assert ctx.room is not None, "windows are in rooms"
    run = ctx.open_run(f"room:{ctx.room.id}", f"window:{ctx.key}", state={"kind": "window"})
    until = _until(ctx, window)
    ctx.listen(run, until)
    ctx.wake_at(run, until + LATE_EVENTS, "window_closed")


def _until(ctx: Ctx, window: Window) -> datetime:
    now = ctx.local(ctx.now)
    until = datetime.combine(now.date(), window.until, now.tzinfo)
    return (until if until > now else until + timedelta(days=1)).astimezone(UTC)


def letters(text: str) -> int:
    """How much is said: letters and digits, without signs and emoji."""
    return sum(letter.isalnum() for letter in text)


def minds(sop: ThemeDay, heard: Heard) -> bool:
    """Whether a message may be a view: words, and no hashtag, which is for others."""
    if heard.message.kind is not MessageKind.TEXT or heard.actor_role in ("staff", "expert"):
        return False
    if any(sign in heard.text for sign in "#＃"):
        return False
    return sop.lecture is not None or _says_something(sop, heard.text)


def _says_something(sop: ThemeDay, text: str) -> bool:
    """Enough, and more than laughter; a question to the others is no view."""
    plain = text.strip()
    if plain.endswith(("？", "?")) or plain.startswith(("提问", "请问", "问一下")):
        return False
    return letters(text) >= _at_least(sop) and len({*plain}) >= min(FEWEST_LETTERS, _at_least(sop))


def _at_least(sop: ThemeDay) -> int:
    return sop.window.collect.at_least if sop.window is not None else 1


def collect(ctx: Ctx, run: Run) -> None:
    """Note a view; the first of a member is rewarded."""
    heard = ctx.heard
    assert heard is not None, "views are said"
    assert ctx.sop.window is not None, "a window listens"
    before = [view for view in views(ctx.tx, run) if view.identity_id == heard.person.identity_id]
    if len(before) >= MOST_A_MEMBER or not _says_something(ctx.sop, heard.text):
        return
    number = ctx.next_number("view")
    noted = ctx.record(VIEW, person=heard.person, about=("run", str(run.id)), value=number)
    if noted is None or before:
        return
    for key, score in ctx.sop.window.collect.tag.items():
        ctx.tag(heard.person, key, score, source="behaviour", evidence=noted)
    ctx.points(heard.person, VIEW, 1, event=noted, dimension="参与")


def recalled(ctx: Ctx) -> None:
    """A view was taken back, and what it earned with it."""
    assert ctx.recalled is not None, "something was recalled"
    i = interaction.c
    mine = select(i.id).where(
        i.parent_event_id == ctx.recalled.id, i.name == VIEW, i.programme_id == ctx.sop.id
    )
    for view in ctx.tx.connection.scalars(mine).all():
        ctx.record(WITHDRAWN, identity_id=ctx.recalled.identity_id, parent=view, corrects=view)
        points.reverse(ctx.tx, VIEW, view)


def views(tx: Transaction, run: Run) -> list[Collected]:
    """The views of a window that stand, in their order."""
    i, back, message = interaction.c, interaction.alias(), interaction.alias()
    withdrawn = exists().where(back.c.corrects_event_id == i.id, back.c.name == WITHDRAWN)
    joined = interaction.join(message, message.c.id == i.parent_event_id)
    query = (
        select(i.value_int, i.id, i.identity_id, message.c.id, texts.c.body)
        .select_from(joined.outerjoin(texts, texts.c.id == message.c.text_id))
        .where(i.object_type == "run", i.object_id == str(run.id), i.name == VIEW, ~withdrawn)
        .order_by(i.id)
    )
    return [Collected(*row[:4], row[4] or "") for row in tx.connection.execute(query)]


def closed(ctx: Ctx) -> None:
    """The window is over: let the operators choose, and wait for the digest."""
    assert ctx.run is not None, "a run waited"
    digest = ctx.sop.digest
    if digest is None:
        ctx.close(ctx.run)
        return
    at = digest.at.next_after(ctx.now, ctx.sops.community.zone)
    if at is not None:
        ctx.wake_at(ctx.run, at, "digest")
    found = views(ctx.tx, ctx.run)
    if digest.pick == "运营" and len(found) >= digest.at_least:
        where = "" if ctx.room is None else f"（{ctx.room.key}）"
        listed = _listed(ctx.tx, ctx.run, found)
        text = f"{ctx.sop.name}{where}收到{len(found)}条：\n{listed}\n选几条进合集，回 /选 {found[0].number}"
        ctx.alert(text, "views", quotes=[view.message for view in found])


def _listed(tx: Transaction, run: Run, found: Sequence[Collected]) -> str:
    names = directory.shown_names(tx, {view.identity_id for view in found}, run.room_id)
    shown = sorted(found, key=lambda view: -letters(view.text))[:MOST_LISTED]
    lines = [
        f"{view.number} {harmless_name(names[view.identity_id], 8)} {harmless(view.text, 24)}"
        for view in sorted(shown, key=lambda view: view.number)
    ]
    more = [f"还有{len(found) - len(shown)}条"] if len(found) > len(shown) else []
    return "\n".join([*lines, *more])


def chosen(tx: Transaction, run: Run) -> set[int]:
    """The views (by interaction) that operators chose."""
    i = interaction.c
    query = select(i.corrects_event_id).where(
        i.object_type == "run", i.object_id == str(run.id), i.name == CHOSEN
    )
    return set(tx.connection.scalars(query))


# --- the operators' choice ---


def choose(ctx: CommandContext) -> None:
    """``/选 31 33``: these go into the digest; without numbers, what there is to choose from."""
    waiting = list(_waiting(ctx))
    if not waiting:
        ctx.reply("现在没有等着选的内容。")
        return
    numbers = {int(word) for word in ctx.args if word.isdigit()}
    if not numbers:
        ctx.reply("\n".join(_listed(ctx.tx, run, views(ctx.tx, run)) for _, run in waiting))
        return
    picked = [
        (sop, run, view) for sop, run in waiting for view in views(ctx.tx, run) if view.number in numbers
    ]
    for sop, run, view in picked:
        kind = ctx.kind_context(sop)
        kind.record(CHOSEN, about=("run", str(run.id)), parent=view.id, corrects=view.id)
    missing = sorted(numbers - {view.number for *_, view in picked})
    most = f"（一次最多用{MOST_SHOWN}条，每人一条）" if len(picked) > MOST_SHOWN else ""
    lines = [f"选了{len(picked)}条，发合集时用{most}。"] if picked else []
    lines += [f"没有 {'、'.join(map(str, missing))} 号。"] if missing else []
    ctx.reply("".join(lines))


def _waiting(ctx: CommandContext) -> list[tuple[ThemeDay, Run]]:
    """The windows that are closed and have a digest to come, or are still open."""
    found: defaultdict[int, list[tuple[ThemeDay, Run]]] = defaultdict(list)
    for sop in ctx.sops.sops.values():
        if isinstance(sop, ThemeDay) and sop.digest is not None:
            for run in runs.open_runs(ctx.tx, sop.id, "room:"):
                if run.account == ctx.account and run.state.get("kind") == "window" and views(ctx.tx, run):
                    found[run.id].append((sop, run))
    return [pair for pairs in found.values() for pair in pairs]
