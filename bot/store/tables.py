"""The tables: few, and each says one thing. Moments are UTC, ids are ascending integers that we give.

Defined with SQLModel, written and read as SQLAlchemy Core (``Room.__table__``, here exported in lower case).
What is derived from them for figures is in ``bot.store.figures``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store import benefits, figures, mouth, rights
from bot.store.columns import json, link, metadata, moment, row_id, table_of, where

__all__ = ["benefits", "figures", "metadata", "mouth", "rights"]  # for those who make all tables


class IdBlock(SQLModel, table=True):
    """The first id that nobody has taken yet."""

    __tablename__ = "id_block"
    name: str = Field(primary_key=True)
    next: int = Field(sa_column=Column(BigInteger, nullable=False))


class Counter(SQLModel, table=True):
    """Short numbers that people type: the last one given in each scope (``member``, ``question``)."""

    __tablename__ = "counter"
    scope: str = Field(primary_key=True)
    last: int


class Room(SQLModel, table=True):
    """A chat that an admin enabled, by its key of ``community.yaml``; None once another chat has the key.

    ``heard_at`` and ``gift_at``: when somebody last said something there, and when they gave a red packet.
    """

    __tablename__ = "room"
    id: int = row_id()
    key: str | None = Field(default=None, unique=True)
    account: str
    title: str = ""
    enabled_at: datetime | None = moment()
    disabled_at: datetime | None = moment()
    heard_at: datetime | None = moment()
    gift_at: datetime | None = moment()


class RoomAddress(SQLModel, table=True):
    """Where a room is on its platform; the id may change, so the mapping can be rebound."""

    __tablename__ = "room_address"
    __table_args__ = (Index("ix_room_address_platform_id", "platform_id"),)
    account: str = Field(primary_key=True)
    platform_id: str = Field(primary_key=True)
    room_id: int = link(null=False)


class Member(SQLModel, table=True):
    """A person, whatever identities they use; ``number`` is what operators type (M37).

    ``merged_into`` is who they turned out to be (``bot/people/merging.py``), never one who is merged as well.
    """

    __tablename__ = "member"
    __table_args__ = (Index("ix_member_merged_into", "merged_into", **where("merged_into IS NOT NULL")),)
    id: int = row_id()
    number: int = Field(unique=True)
    created_at: datetime = moment(null=False)
    merged_into: int | None = link()


class Identity(SQLModel, table=True):
    """An account of a person on a platform; the log points here, the member is found through it.

    ``member_id`` is None where an import brought an account of which nobody knows whose it is. ``origin_id``
    is whose it was before members were merged; ``phone`` the keyed hash of the number that a shop has for it.
    """

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_identity_member_id", "member_id"),
        Index("ix_identity_phone", "phone", **where("phone IS NOT NULL")),
    )
    id: int = row_id()
    source: str
    external_id: str
    member_id: int | None = link()
    name: str = ""
    origin_id: int | None = link()
    phone: str | None = None


class IdentityLog(SQLModel, table=True):
    """That members were merged, that an account was linked to one, or that two claim one phone (``kind``).

    ``moved`` are identities; ``ended_at`` is when it was undone, or the claim settled.
    """

    __tablename__ = "identity_log"
    __table_args__ = (
        Index("ix_identity_log_from_id", "from_id", **where("ended_at IS NULL")),
        Index("ix_identity_log_to_id", "to_id", **where("ended_at IS NULL")),
    )
    id: int = row_id()
    number: int = Field(unique=True)
    kind: str
    from_id: int | None = link()
    to_id: int = link(null=False)
    moved: list[int] = json()
    proof: str
    reason: str = ""
    by_id: int | None = link()
    at: datetime = moment(null=False)
    ended_at: datetime | None = moment()
    ended_by: int | None = link()


class Membership(SQLModel, table=True):
    """That a person is (or was) in a room; ``ordinal`` counts how often they came."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_identity_id", "identity_id"),)
    room_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    identity_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    alias: str = ""
    ordinal: int = 1
    joined_at: datetime | None = moment()
    left_at: datetime | None = moment()


class Interaction(SQLModel, table=True):
    """What happened, once; never changed: a correction is a new row (``corrects_event_id``)."""

    __tablename__ = "interaction"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "name"),
        Index("ix_interaction_said", "identity_id", "occurred_at"),
        Index("ix_interaction_parent", "parent_event_id", **where("parent_event_id IS NOT NULL")),
        Index(
            "ix_interaction_object",
            "object_type",
            "object_id",
            "room_id",
            **where("object_type IS NOT NULL"),
        ),
        Index("ix_interaction_target", "target_identity_id", **where("target_identity_id IS NOT NULL")),
        Index("ix_interaction_programme", "programme_id", "name", **where("programme_id IS NOT NULL")),
    )
    id: int = row_id()
    source: str
    source_id: str
    name: str
    schema_version: int = 1
    occurred_at: datetime = moment(null=False)
    received_at: datetime = moment(null=False)
    identity_id: int | None = link()
    actor_role: str = "member"
    room_id: int | None = link()
    channel: str = "group"
    object_type: str | None = None
    object_id: str | None = None
    target_identity_id: int | None = link()
    parent_event_id: int | None = link()
    programme_id: str | None = None
    initiated_by: str = "self"
    prompt_event_id: int | None = link()
    amount_cents: int | None = link()
    cost_cents: int | None = link()
    text_id: int | None = link()
    text_len: int = 0
    media_count: int = 0
    value_int: int | None = None
    props: dict[str, Any] = json()
    consent_scope: str | None = None
    is_test: bool = False
    corrects_event_id: int | None = link()


class Text(SQLModel, table=True):
    """What was said, apart from the log, because it is kept for a shorter time."""

    __tablename__ = "text"
    __table_args__ = (Index("ix_text_keep_until", "keep_until", **where("keep_until IS NOT NULL")),)
    id: int = row_id()
    body: str
    keep_until: datetime | None = moment()


class SopVersion(SQLModel, table=True):
    """A SOP as it was written; open runs keep the version that they began with."""

    __tablename__ = "sop_version"
    hash: str = Field(primary_key=True)
    sop_id: str
    yaml: str
    seen_at: datetime = moment(null=False)


class Run(SQLModel, table=True):
    """The state of a SOP for a room, a member or both (``scope``), at one occurrence.

    While ``listens_until`` is set and ``closed_at`` is not, the run hears what its person says in its room.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("sop_id", "scope", "occurrence"),
        Index("ix_run_open", "sop_id", "room_id", **where("closed_at IS NULL")),
        Index(
            "ix_run_listening",
            "identity_id",
            "room_id",
            **where("listens_until IS NOT NULL AND closed_at IS NULL"),
        ),
    )
    id: int = row_id()
    account: str
    sop_id: str
    sop_hash: str
    scope: str
    occurrence: str
    room_id: int | None = link()
    identity_id: int | None = link()
    state: dict[str, Any] = json()
    state_version: int = 1
    opened_at: datetime = moment(null=False)
    listens_until: datetime | None = moment()
    closed_at: datetime | None = moment()


class Cursor(SQLModel, table=True):
    """How far a schedule of a SOP has been played in a room, and its next moment."""

    __tablename__ = "cursor"
    __table_args__ = (Index("ix_cursor_next_at", "account", "next_at"),)
    sop_id: str = Field(primary_key=True)
    room_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    step: str = Field(primary_key=True)
    account: str
    schedule: str
    at: datetime = moment(null=False)
    next_at: datetime | None = moment()


class Slot(SQLModel, table=True):
    """A scheduled moment that came: done, missed or failed.

    ``occurrence`` is its local date, or for a run by hand the command's message.
    """

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("sop_id", "room_id", "step", "occurrence"),)
    id: int = row_id()
    sop_id: str
    room_id: int = link(null=False)
    step: str
    occurrence: str
    due_at: datetime = moment(null=False)
    handled_at: datetime = moment(null=False)
    state: str
    reason: str = ""


class Wait(SQLModel, table=True):
    """What wakes a run at ``due_at``; ``since`` is the first such moment, if the SOP failed there."""

    __tablename__ = "wait"
    __table_args__ = (
        UniqueConstraint("run_id", "what"),
        Index("ix_wait_due_at", "account", "due_at"),
    )
    id: int = row_id()
    account: str
    run_id: int = link(null=False)
    what: str
    due_at: datetime = moment(null=False)
    since: datetime = moment(null=False)


BEGUN = "intent IN ('give', 'ask', 'promo') AND sending_at IS NOT NULL"
"""What we began ourselves: the guard counts it."""


class Outgoing(SQLModel, table=True):
    """An effect that people or the platform notice; nothing reaches the world but from here."""

    __tablename__ = "outgoing"
    __table_args__ = (
        Index("ix_outgoing_open", "account", **where("settled_at IS NULL")),
        Index("ix_outgoing_platform_id", "platform_id", **where("platform_id IS NOT NULL")),
        Index("ix_outgoing_settled_at", "settled_at", **where("wiped_at IS NULL")),
        Index("ix_outgoing_sending_at", "account", "sending_at", **where("sending_at IS NOT NULL")),
        Index("ix_outgoing_begun", "room_id", "sending_at", **where(BEGUN)),
    )
    id: int = row_id()
    account: str
    room_id: int | None = link()
    identity_id: int | None = link()
    kind: str
    payload: dict[str, Any] = json()
    intent: str
    priority: int
    post_id: int = link(null=False)
    sequence: int = 0
    repeat: str = "never"
    despite_stop: bool = False
    dedupe_key: str = Field(unique=True)
    sop_id: str | None = None
    run_id: int | None = link()
    cause_id: int | None = link()
    state: str
    reason: str = ""
    attempts: int = 0
    held_by: str | None = None
    queued_at: datetime = moment(null=False)
    answers_at: datetime | None = moment()
    not_before: datetime | None = moment()
    expires_at: datetime | None = moment()
    sending_at: datetime | None = moment()
    settled_at: datetime | None = moment()
    wiped_at: datetime | None = moment()
    platform_id: str | None = None


class Brake(SQLModel, table=True):
    """What keeps an account from sending: the stop switch, or the platform's "too often" (``kind``).

    ``until`` is None where a human has to lift it; ``times`` counts how often in a row it was set.
    """

    __tablename__ = "brake"
    account: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    since: datetime = moment(null=False)
    until: datetime | None = moment()
    times: int = 1
    member_id: int | None = link()


class Restraint(SQLModel, table=True):
    """What a human told us not to begin: a SOP is ``paused``, or a room is ``hushed`` (``kind``).

    ``target`` is the SOP's id, or the room's; ``until`` is None where a human has to lift it.
    """

    __tablename__ = "restraint"
    account: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    since: datetime = moment(null=False)
    until: datetime | None = moment()
    member_id: int | None = link()


class Media(SQLModel, table=True):
    """A picture that a message bears: ``wanted`` until its bytes lie in the media folder under their hash."""

    __tablename__ = "media"
    __table_args__ = (
        Index("ix_media_wanted", "account", **where("state = 'wanted'")),
        Index("ix_media_interaction_id", "interaction_id"),
        Index("ix_media_hash", "hash", **where("hash IS NOT NULL")),
        Index("ix_media_look", "id", "dhash", "interaction_id", **where("dhash IS NOT NULL")),
        Index("ix_media_keep_until", "keep_until", **where("keep_until IS NOT NULL")),
    )
    id: int = row_id()
    account: str
    interaction_id: int = link(null=False)
    ref: str
    name: str = ""
    state: str
    attempts: int = 0
    not_before: datetime | None = moment()
    hash: str | None = None
    bytes: int | None = link()
    keep_until: datetime | None = moment()
    dhash: int | None = link()
    """How it looks (see ``bot.likeness``); None where that is not known."""


class Consent(SQLModel, table=True):
    """What a member decided last about a purpose; that they did so is in the log, each time."""

    __tablename__ = "consent"
    member_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    purpose: str = Field(primary_key=True)
    given: bool
    at: datetime = moment(null=False)
    text_version: str = ""
    interaction_id: int | None = link()


class Document(SQLModel, table=True):
    """The words by which a text is found again (``bot/store/search.py``); the text itself stays elsewhere.

    ``id`` is the interaction that it came from, ``object_id`` what it is about (a question's number).
    """

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_keep_until", "keep_until", **where("keep_until IS NOT NULL")),)
    id: int = row_id()
    kind: str
    object_id: str
    room_id: int | None = link()
    words: str
    keep_until: datetime | None = moment()


class Tag(SQLModel, table=True):
    """What is known of a person's values and interests (``bot/people/tags.py``).

    ``evidence`` are interactions; ``version`` names the rules that gave the score; a refused tag keeps its
    row, so that it is never written again.
    """

    __tablename__ = "tag"
    __table_args__ = (Index("ix_tag_key", "key"),)
    member_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    key: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    score: float
    confidence: float
    evidence: list[int] = json()
    first_at: datetime = moment(null=False)
    last_at: datetime = moment(null=False)
    expires_at: datetime | None = moment()
    version: str = ""
    refused_at: datetime | None = moment()


class ScoreEntry(SQLModel, table=True):
    """Points that a rule gave for an interaction, or took back; the ledger of contribution."""

    __tablename__ = "score_entry"
    __table_args__ = (
        UniqueConstraint("rule", "event_id"),
        Index("ix_score_entry_identity_id", "identity_id"),
    )
    id: int = row_id()
    identity_id: int = link(null=False)
    rule: str
    event_id: int = link(null=False)
    dimension: str
    points: float
    at: datetime = moment(null=False)
    programme_id: str | None = None


class Offer(SQLModel, table=True):
    """What somebody may still do about a ``command`` of theirs: ``confirm`` it by its code, in the same chat
    (``room_id`` None: in private), or ``undo`` it (``kind``). ``args`` are the command's own.
    """

    __tablename__ = "offer"
    id: int = row_id()
    account: str
    kind: str
    identity_id: int = link(null=False)
    room_id: int | None = link()
    command: str
    args: dict[str, Any] = json()
    code: str | None = None
    wrong: int = 0
    until: datetime = moment(null=False)
    used_at: datetime | None = moment()


class Role(SQLModel, table=True):
    """Who was given which role, by whom; a role that was taken back keeps its row."""

    __tablename__ = "role"
    __table_args__ = (Index("ix_role_member_id", "member_id"),)
    id: int = row_id()
    member_id: int = link(null=False)
    role: str
    given_at: datetime = moment(null=False)
    given_by: int | None = link()
    taken_at: datetime | None = moment()
    taken_by: int | None = link()


class ComplaintCase(SQLModel, table=True):
    """A complaint (``interaction_id`` is the message) until somebody closes it; ``number`` is what they type.

    ``answered_at`` is when a human said something in the room, or closed it. ``closed_by`` is a member.
    """

    __tablename__ = "complaint_case"
    __table_args__ = (Index("ix_complaint_case_room_id", "room_id", **where("closed_at IS NULL")),)
    id: int = row_id()
    number: int = Field(unique=True)
    room_id: int | None = link()
    identity_id: int = link(null=False)
    interaction_id: int = link(null=False)
    opened_at: datetime = moment(null=False)
    answered_at: datetime | None = moment()
    closed_at: datetime | None = moment()
    closed_by: int | None = link()


class Unheard(SQLModel, table=True):
    """How often a command was typed where the bot is not enabled: a count a day, and nothing else."""

    __tablename__ = "unheard"
    day: str = Field(primary_key=True)
    command: str = Field(primary_key=True)
    times: int


class Failure(SQLModel, table=True):
    """An error that stayed small: what failed, on what, with its traceback (no local variables)."""

    __tablename__ = "failure"
    __table_args__ = (Index("ix_failure_at", "at"),)
    id: int = row_id()
    at: datetime = moment(null=False)
    place: str
    error: str
    traceback: str = ""
    interaction_id: int | None = link()
    sop_id: str | None = None


id_block, counter = table_of(IdBlock), table_of(Counter)
room, room_address = table_of(Room), table_of(RoomAddress)
member, identity, membership = table_of(Member), table_of(Identity), table_of(Membership)
identity_log = table_of(IdentityLog)
interaction, texts = table_of(Interaction), table_of(Text)
sop_version, run, wait = table_of(SopVersion), table_of(Run), table_of(Wait)
cursor, slot, outgoing = table_of(Cursor), table_of(Slot), table_of(Outgoing)
restraint = table_of(Restraint)
brake, media, consent = table_of(Brake), table_of(Media), table_of(Consent)
document, tag, score_entry = table_of(Document), table_of(Tag), table_of(ScoreEntry)
role, unheard, failure = table_of(Role), table_of(Unheard), table_of(Failure)
complaint_case = table_of(ComplaintCase)
offer = table_of(Offer)
