"""Tables that may be used again: a human picks one, its author says yes, and may take the yes back.

A friend is asked in private; anybody else in the next receipt of the room. Three days without an answer are
a no. With the yes the words and pictures are kept until it is taken back (撤回授权, in private).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, exists, or_, select, update

from bot.outbox.queue import Intent
from bot.people import consent, directory, points
from bot.people.directory import Person, Room, shown_names
from bot.sop import hashtags, runs, versions
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.challenge.board import PART, AnyRow, removed, standing_entries
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.words import ReuseWords
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store import retention
from bot.store.tables import identity, interaction, media, texts
from bot.store.transaction import Transaction

PURPOSE = "作品复用"
ASKED, DECLINED = "reuse_asked", "reuse_declined"
FEATURED, UNFEATURED = "ugc_featured", "ugc_unfeatured"
SCOPE = "reuse:"
PATIENCE = timedelta(days=3)
FOR_LONG = timedelta(days=36_500)
"""Pictures have no "until erased": a file goes when no row with an end in the future names it."""
SHOWN = 5
_YES = frozenset(("可以", "可以的", "可以呀", "可以啊", "同意", "没问题"))
_NO = frozenset(("不用", "不用了", "不可以", "不要", "不行", "不同意", "不了"))


def feature(ctx: CommandContext) -> None:
    """``/精选 31``: ask the author of a table; without a number the latest tables are listed."""
    if not ctx.args:
        _list(ctx)
        return
    found = _numbered(ctx, int(ctx.args[0])) if ctx.args[0].isdecimal() and len(ctx.args[0]) < 10 else None
    if found is None:
        ctx.reply("没有这个编号的餐桌。发 /精选 看最近几桌的编号。")
        return
    sop, row = found
    person = directory.person_by_id(ctx.tx, row.identity_id)
    assert person is not None, "entries have authors"
    name = harmless_name(person.name)
    if runs.find(ctx.tx, sop.id, f"{SCOPE}{row.id}", "ask") is not None:
        ctx.reply(f"{name}这桌已经问过了，不再问第二次。")
    elif consent.opted_out(ctx.tx, [person.member_id]):
        ctx.reply(f"{name}说过别@，机器人不去问。")
    else:
        ctx.reply(_ask(ctx, sop, row, person))


def _list(ctx: CommandContext) -> None:
    """The latest tables that stand, with their numbers."""
    sops = [sop for sop in ctx.sops.sops.values() if isinstance(sop, Challenge)]
    rows = [row for sop in sops for row in standing_entries(ctx.tx, sop.id)]
    latest = sorted(rows, key=lambda row: row.id, reverse=True)[:SHOWN]
    i = interaction.c
    query = select(i.id, i.value_int).where(i.id.in_([row.id for row in latest]), i.value_int.is_not(None))
    numbers = {row.id: row.value_int for row in ctx.tx.connection.execute(query)}
    names = shown_names(ctx.tx, {row.identity_id for row in latest}, None)
    lines = [f"{numbers[r.id]} {harmless_name(names[r.identity_id])}" for r in latest if r.id in numbers]
    ctx.reply("｜".join(lines) + "\n发 /精选 编号，我去问本人。" if lines else "还没有餐桌。")


def _numbered(ctx: CommandContext, number: int) -> tuple[Challenge, AnyRow] | None:
    """The entry with this number, if it stands."""
    i = interaction.c
    query = select(i.id, i.programme_id).where(i.name == "ugc_submitted", i.value_int == number)
    found = ctx.tx.connection.execute(query.limit(1)).first()
    sop = None if found is None else ctx.sops.sops.get(found.programme_id)
    if found is None or not isinstance(sop, Challenge):
        return None
    return next(((sop, row) for row in standing_entries(ctx.tx, sop.id) if row.id == found.id), None)


def _ask(ctx: CommandContext, sop: Challenge, row: AnyRow, person: Person) -> str:
    """Ask in private, or leave it to the next receipt; gives what the operator hears."""
    room, name = _room_of(ctx.tx, row.id), harmless_name(person.name)
    as_sop = ctx.kind_context(sop, room)
    private = _is_friend(ctx.tx, person.identity_id)
    state = {"entry": row.id, "run": row.object_id, "asked": False}
    run = as_sop.open_run(f"{SCOPE}{row.id}", "ask", person=person, state=state, private=private)
    if not private:
        return f"{name}还不是好友，下次回执里@他问。"
    template, words = sop.featured.template, _words(as_sop, run, person)
    quotes = _messages(ctx.tx, row.object_id)
    as_sop.say_private(person.identity_id, template, words, intent=Intent.ASK, quotes=quotes)
    _listen(as_sop, run)
    return f"已私聊问{name}，三天内没答就不收。"


def ask_here(ctx: Context[Challenge]) -> int | None:
    """The identity that this room's receipt is to ask, if somebody waits to be asked."""
    for run in runs.open_runs(ctx.tx, ctx.sop.id, SCOPE):
        if ctx.room is not None and run.room_id == ctx.room.id and not run.state["asked"]:
            _listen(ctx, run)
            return run.identity_id
    return None


def _listen(ctx: Context[Challenge], run: Run) -> None:
    ctx.record(ASKED, identity_id=run.identity_id, parent=run.state["entry"], initiated_by="system")
    run = ctx.keep(run, {**run.state, "asked": True})
    ctx.listen(run, ctx.now + PATIENCE)
    ctx.wake_at(run, ctx.now + PATIENCE, "lapse")


def answered(ctx: Context[Challenge]) -> bool:
    """The author says something: yes, no, or anything else."""
    assert ctx.heard is not None, "only what was said is heard"
    assert ctx.run is not None, "only runs listen"
    words = ctx.heard.text.strip(" ，。！!~～、,.")
    if words not in _YES | _NO:
        return False
    ctx.close(ctx.run)
    if words in _NO:
        ctx.record(DECLINED, person=ctx.heard.person, about=("run", ctx.run.state["run"]))
        _reply(ctx, ctx.sop.featured.no)
    elif any(row.id == ctx.run.state["entry"] for row in standing_entries(ctx.tx, ctx.sop.id)):
        _accept(ctx, ctx.run, ctx.heard.person)
        _reply(ctx, ctx.sop.featured.yes)
    return True


def _accept(ctx: Context[Challenge], run: Run, person: Person) -> None:
    consent.decide(ctx.tx, person.member_id, PURPOSE, given=True, cause=ctx.cause)
    about = ("run", run.state["run"])
    ctx.record(
        "consent_granted", person=person, about=about, props={"purpose": PURPOSE, "version": ctx.version}
    )
    featured = ctx.record(FEATURED, person=person, about=about, parent=run.state["entry"])
    if featured is not None:
        ctx.points(person, FEATURED, 5, event=featured, dimension="创作")
    _keep(ctx.tx, run.state["run"], texts_until=None, pictures_until=ctx.now + FOR_LONG)


def _reply(ctx: Context[Challenge], template: str) -> None:
    assert ctx.heard is not None, "an answer is answered"
    assert ctx.run is not None, "only runs listen"
    if ctx.heard.late:
        return
    words = _words(ctx, ctx.run, ctx.heard.person)
    quotes = _messages(ctx.tx, ctx.run.state["run"])
    if ctx.room is None:
        ctx.say_private(ctx.heard.person.identity_id, template, words, quotes=quotes)
    else:
        ctx.say(template, words, quotes=quotes)


def _words(ctx: Context[Challenge], run: Run, person: Person) -> ReuseWords:
    query = select(texts.c.body).select_from(interaction.join(texts, texts.c.id == interaction.c.text_id))
    said = query.where(interaction.c.id.in_(_messages(ctx.tx, run.state["run"]))).order_by(interaction.c.id)
    body = ctx.tx.connection.execute(said.limit(1)).scalar() or ""
    text = harmless(hashtags.without_tags(body, ctx.sop.hashtag), 24)
    return ReuseWords(harmless_name(person.name), text, ctx.sop.name, ctx.sops.community.name)


# --- what is featured ---


def standing(tx: Transaction, sop_id: str, since: datetime | None = None) -> list[AnyRow]:
    """What is featured and still an entry: (id, identity_id, parent_event_id, object_id), oldest first."""
    i = interaction.c
    query = (
        select(i.id, i.identity_id, i.parent_event_id, i.object_id)
        .where(i.programme_id == sop_id, i.name == FEATURED, ~_unfeatured(interaction))
        .order_by(i.id)
    )
    if since is not None:
        query = query.where(i.occurred_at >= since)
    entries = {row.id for row in standing_entries(tx, sop_id)}
    return [row for row in tx.connection.execute(query) if row.parent_event_id in entries]


def names(ctx: Context[Challenge], since: datetime | None = None) -> tuple[str, ...]:
    """Whose tables are featured, as they are called here."""
    who = list(dict.fromkeys(row.identity_id for row in standing(ctx.tx, ctx.sop.id, since)))
    known = shown_names(ctx.tx, who, None if ctx.room is None else ctx.room.id)
    return tuple(harmless_name(known[one]) for one in who)


def let_go(ctx: Context[Challenge], entry: int) -> None:
    """An entry stands no more, or its author took the yes back: it is featured no more, nor kept for that."""
    i = interaction.c
    query = select(i.id, i.identity_id, i.object_id).where(
        i.programme_id == ctx.sop.id,
        i.name == FEATURED,
        i.parent_event_id == entry,
        ~_unfeatured(interaction),
    )
    for row in ctx.tx.connection.execute(query).all():
        ctx.record(UNFEATURED, identity_id=row.identity_id, parent=row.id, corrects=row.id)
        points.reverse(ctx.tx, FEATURED, row.id)
        community = ctx.sops.community
        said = ctx.tx.connection.execute(select(i.occurred_at).where(i.id == entry)).scalar_one()
        until = retention.keep_until(said, community.privacy.keep_days, community.zone)
        _keep(ctx.tx, row.object_id, texts_until=until, pictures_until=until)


def withdraw(ctx: CommandContext) -> None:
    """``撤回授权``: whatever of this person is featured is so no more. Strangers hear nothing."""
    mine = [(sop, row) for row in _mine(ctx) if (sop := _sop_of(ctx, row)) is not None]
    for sop, row in mine:
        as_sop = ctx.kind_context(sop)
        let_go(as_sop, row.parent_event_id)
        as_sop.record("consent_withdrawn", person=ctx.person, props={"purpose": PURPOSE})
    if mine:
        consent.decide(ctx.tx, ctx.person.member_id, PURPOSE, given=False, cause=ctx.heard.id)
        ctx.reply("好的，您的餐桌不再收在食谱里，原文和图也不再另外保存。打卡照算。")


def _mine(ctx: CommandContext) -> Sequence[AnyRow]:
    """What of this person is featured, in whatever challenge."""
    i, who = interaction.c, identity.c
    query = (
        select(i.id, i.programme_id, i.parent_event_id, i.object_id)
        .select_from(interaction.join(identity, who.id == i.identity_id))
        .where(i.name == FEATURED, who.member_id == ctx.person.member_id, ~_unfeatured(interaction))
    )
    return ctx.tx.connection.execute(query.order_by(i.id)).all()


def _sop_of(ctx: CommandContext, featured: AnyRow) -> Challenge | None:
    """The challenge of what is featured; one whose file is gone as it was."""
    sop = ctx.sops.declared.get(featured.programme_id)
    if sop is None:
        run = runs.by_id(ctx.tx, int(featured.object_id))
        sop = None if run is None else versions.at(ctx.tx, ctx.sops, run.sop_id, run.sop_hash)
    return sop if isinstance(sop, Challenge) else None


def _unfeatured(featured: FromClause) -> ColumnElement[bool]:
    gone = interaction.alias()
    return exists().where(gone.c.parent_event_id == featured.c.id, gone.c.name == UNFEATURED)


# --- messages ---


def _messages(tx: Transaction, run_id: str) -> Sequence[int]:
    """The messages of an entry."""
    i = interaction.c
    query = select(i.parent_event_id).where(i.object_type == "run", i.object_id == run_id, i.name == PART)
    return list(tx.connection.scalars(query.where(~removed(interaction)).order_by(i.id)))


def _keep(tx: Transaction, run_id: str, *, texts_until: datetime | None, pictures_until: datetime) -> None:
    """Until when an entry's words and pictures are kept."""
    messages = _messages(tx, run_id)
    theirs = select(interaction.c.text_id).where(interaction.c.id.in_(messages))
    tx.connection.execute(update(texts).where(texts.c.id.in_(theirs)).values(keep_until=texts_until))
    pictures = update(media).where(media.c.interaction_id.in_(messages), media.c.keep_until > tx.now)
    tx.connection.execute(pictures.values(keep_until=pictures_until))
    tx.pictures = True


def _room_of(tx: Transaction, entry: int) -> Room | None:
    room_id = tx.connection.execute(select(interaction.c.room_id).where(interaction.c.id == entry)).scalar()
    return None if room_id is None else directory.room_by_id(tx, room_id)


def _is_friend(tx: Transaction, identity_id: int) -> bool:
    """Whether they can be written to: they became a friend, or wrote in private."""
    i = interaction.c
    known = or_(
        i.name == "friend_made", (i.channel == "dm") & i.name.in_(("message_posted", "command_given"))
    )
    query = select(i.id).where(i.identity_id == identity_id, known)
    return tx.connection.execute(query.limit(1)).first() is not None
