"""A window: what members say in the room after a post is collected, and counted once a member."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from bot.events import MessageKind
from bot.people import directory, points, roles, tags
from bot.people.directory import Person
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.theme_day.model import ThemeDay, Window
from bot.sop.kinds.theme_day.waking import open_of, where
from bot.sop.occasion import Heard
from bot.sop.operators import next_reminder
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store.ids import next_number
from bot.store.tables import interaction, texts
from bot.store.transaction import Transaction

Ctx = Context[ThemeDay]
VIEW, WITHDRAWN, CHOSEN = "window_contributed", "window_withdrawn", "view_chosen"
LATE_EVENTS = timedelta(seconds=5)
"""How long after the end of a window the operators are asked to choose."""
STRAGGLERS = timedelta(days=1)
"""How late what was said in time is heard at most, where no digest ends the window before."""
MOST_A_MEMBER, MOST_LISTED, LONGEST_VIEW, MOST_SHOWN = 5, 9, 60, 4
FEWEST_LETTERS = 5
"""Different characters without which it is 哈哈哈哈 and the like."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A view that stands: its number if operators choose, the interaction, whose it is, and the message that
    it was."""

    number: int | None
    id: int
    identity_id: int
    message: int
    text: str


def open_window(ctx: Ctx, window: Window) -> None:
    """Listen to the room until the window closes. What is posted before then has this same window."""
    assert ctx.room is not None, "windows are in rooms"
    until = _until(ctx, window)
    occurrence = f"window:{ctx.local(until):%Y-%m-%d %H:%M}"
    run = ctx.open_run(f"room:{ctx.room.id}", occurrence, state={"kind": "window"})
    ctx.listen(run, until)
    ctx.wake_at(run, until + (STRAGGLERS if ctx.sop.digest is None else LATE_EVENTS), "window_closed")


def _until(ctx: Ctx, window: Window) -> datetime:
    now = ctx.local(ctx.now)
    until = datetime.combine(now.date(), window.until, now.tzinfo)
    return (until if until > now else until + timedelta(days=1)).astimezone(UTC)


def letters(text: str) -> int:
    """How much is said: letters and digits, without signs and emoji."""
    return sum(letter.isalnum() for letter in text)


def minds(sop: ThemeDay, heard: Heard) -> bool:
    """Whether a message may be a view: words, and no hashtag, which is for others."""
    if heard.message.kind is not MessageKind.TEXT or heard.actor_role in roles.OURS:
        return False
    if any(sign in heard.text for sign in "#＃"):
        return False
    return sop.lecture is not None or _says_something(sop, heard.text)


def unmoved_by(sop: ThemeDay, heard: Heard, zone: ZoneInfo) -> str:
    """Why a message is no view."""
    if heard.actor_role in roles.OURS:
        return "自己人说的不收"
    if heard.message.kind is not MessageKind.TEXT:
        return "只收文字"
    if letters(heard.text) < _at_least(sop):
        return f"不到{_at_least(sop)}个字，不收"
    return "" if minds(sop, heard) else "带#的、问话和笑声不收"


def _says_something(sop: ThemeDay, text: str) -> bool:
    """Enough, and more than laughter; a question to the others is no view."""
    plain = text.strip()
    if plain.endswith(("？", "?")) or plain.startswith(("提问", "请问", "问一下")):
        return False
    return letters(text) >= _at_least(sop) and len({*plain}) >= min(FEWEST_LETTERS, _at_least(sop))


def _at_least(sop: ThemeDay) -> int:
    return sop.window.collect.at_least if sop.window is not None else 1


def operators_choose(sop: ThemeDay) -> bool:
    """Whether a digest tells the views that the operators chose."""
    return sop.digest is not None and sop.digest.pick == "运营"


def collect(ctx: Ctx, run: Run) -> None:
    """Note a view; the first of a member is rewarded."""
    heard = ctx.heard
    assert heard is not None, "views are said"
    before = views(ctx.tx, run.id, heard.person.identity_id)
    if len(before) >= MOST_A_MEMBER or not _says_something(ctx.sop, heard.text):
        return
    number = next_number(ctx.tx.connection, f"view:{ctx.account}") if operators_choose(ctx.sop) else None
    noted = ctx.record(VIEW, person=heard.person, about=("run", str(run.id)), value=number)
    if noted is not None and not before:
        _reward(ctx, heard.person, noted)


def _reward(ctx: Ctx, person: Person, view: int) -> None:
    tagged = {} if ctx.sop.window is None else ctx.sop.window.collect.tag
    for key, score in tagged.items():
        ctx.tag(person, key, score, source="behaviour", evidence=view)
    ctx.points(person, VIEW, 1, event=view, dimension="参与")


def recalled(ctx: Ctx) -> None:
    """A view was taken back, and what it earned with it: another of the same member earns it now."""
    assert ctx.recalled is not None, "something was recalled"
    person = directory.person_by_id(ctx.tx, ctx.recalled.identity_id)
    i = interaction.c
    mine = select(i.id, i.object_id).where(
        i.parent_event_id == ctx.recalled.id, i.name == VIEW, i.programme_id == ctx.sop.id
    )
    for view, run_id in ctx.tx.connection.execute(mine).all():
        ctx.record(WITHDRAWN, identity_id=ctx.recalled.identity_id, parent=view, corrects=view)
        if points.reverse(ctx.tx, VIEW, view) and person is not None:
            for other in views(ctx.tx, int(run_id), person.identity_id)[:1]:
                _reward(ctx, person, other.id)
            tags.withdraw(ctx.tx, person, view, programme_id=ctx.sop.id)


_back, _message = interaction.alias(), interaction.alias()


def views(tx: Transaction, run_id: int, whose: int | None = None) -> list[Collected]:
    """The views of a window (or of one identity in it) that stand, in their order.

    Of what was recalled there are no words, also where the recall reached no SOP.
    """
    i = interaction.c
    withdrawn = exists().where(_back.c.corrects_event_id == i.id, _back.c.name == WITHDRAWN)
    joined = interaction.join(_message, _message.c.id == i.parent_event_id)
    query = (
        select(i.value_int, i.id, i.identity_id, _message.c.id, texts.c.body)
        .select_from(joined.join(texts, texts.c.id == _message.c.text_id))
        .where(i.object_type == "run", i.object_id == str(run_id), i.name == VIEW, ~withdrawn)
        .order_by(i.id)
    )
    mine = query if whose is None else query.where(i.identity_id == whose)
    return [Collected(*row) for row in tx.connection.execute(mine)]


def closed(ctx: Ctx) -> None:
    """The window is over: wait for the digest, and let the operators choose while there is time."""
    assert ctx.run is not None, "a run waited"
    digest, at = ctx.sop.digest, _digest_at(ctx, ctx.run)
    if digest is None or at is None:
        ctx.close(ctx.run)
        return
    ctx.wake_at(ctx.run, at, "digest")
    found = views(ctx.tx, ctx.run.id)
    if operators_choose(ctx.sop) and len(found) >= digest.at_least and at > ctx.now:
        told = f"{ctx.sop.name}{where(ctx)}收到{len(found)}条：\n{_listed(ctx.tx, ctx.run, found)}"
        text = f"{told}\n选几条进合集，回 /选 {_fullest(found)[0].number}"
        ctx.alert(text, "views", quotes=[view.message for view in found])
        if (again := next_reminder(ctx.now, ctx.sops.community.zone)) < at:
            ctx.wake_at(ctx.run, again, "unchosen")


def unchosen(ctx: Ctx) -> None:
    """In the morning of the digest the operators are reminded to choose, if nobody did."""
    assert ctx.run is not None, "a run waited"
    at = _digest_at(ctx, ctx.run)
    if at is None or at <= ctx.now or chosen(ctx.tx, ctx.run.id) or not views(ctx.tx, ctx.run.id):
        return
    local = ctx.local(at)
    when = f"{local:%H:%M}" if local.date() == ctx.local(ctx.now).date() else f"{local.month}月{local.day}日"
    ctx.alert(f"{ctx.sop.name}{where(ctx)}的合集还没有人选，{when}没人选就不发了。发 /选 看。", "unchosen")


def _digest_at(ctx: Ctx, run: Run) -> datetime | None:
    """The first moment of the digest from the end of the window on, however late that is noticed."""
    before = (run.listens_until or ctx.now) - timedelta(milliseconds=1)
    return None if ctx.sop.digest is None else ctx.sop.digest.at.next_after(before, ctx.sops.community.zone)


def _fullest(found: Sequence[Collected]) -> list[Collected]:
    """Those of which most is said, in their order."""
    shown = sorted(found, key=lambda view: -letters(view.text))[:MOST_LISTED]
    return [view for view in found if view in shown]


def _listed(tx: Transaction, run: Run, found: Sequence[Collected]) -> str:
    names = directory.shown_names(tx, {view.identity_id for view in found}, run.room_id)
    lines = [
        f"{view.number} {harmless_name(names[view.identity_id], 8)} {harmless(view.text, 24)}"
        for view in _fullest(found)
    ]
    more = [f"还有{len(found) - len(lines)}条"] if len(found) > len(lines) else []
    return "\n".join([*lines, *more])


def chosen(tx: Transaction, run_id: int) -> set[int]:
    """The views (by interaction) that operators chose."""
    i = interaction.c
    query = select(i.corrects_event_id).where(
        i.object_type == "run", i.object_id == str(run_id), i.name == CHOSEN
    )
    return set(tx.connection.scalars(query))


# --- the operators' choice ---


def choose(ctx: CommandContext) -> None:
    """``/选 31 33``: these go into the digest; without numbers, what there is to choose from."""
    waiting = [
        (sop, run, found)
        for sop, run in open_of(ctx, "window")
        if operators_choose(sop) and (found := views(ctx.tx, run.id))
    ]
    numbers = _numbers(ctx.rest)
    if not waiting:
        ctx.reply("现在没有等着选的内容。")
    elif not numbers:
        for _, run, found in waiting:
            ctx.reply(_listed(ctx.tx, run, found), quotes=[view.message for view in found])
    else:
        picked = [(sop, run, view) for sop, run, found in waiting for view in found if view.number in numbers]
        for sop, run, view in picked:
            about = ("run", str(run.id))
            ctx.kind_context(sop).record(CHOSEN, about=about, parent=view.id, corrects=view.id)
        ctx.reply(_answer(len(picked), sorted(numbers - {view.number for *_, view in picked})))


def _numbers(words: str) -> set[int]:
    found = re.split(r"[\s,，、和]+", words)
    return {int(word) for word in found if word.isdecimal() and len(word) < 10}


def _answer(picked: int, missing: Sequence[int]) -> str:
    most = f"（一次最多用{MOST_SHOWN}条，每人一条）" if picked > MOST_SHOWN else ""
    told = f"选了{picked}条，发合集时用{most}。" if picked else ""
    return told + (f"没有 {'、'.join(map(str, missing))} 号。" if missing else "")
