"""The tables: few, and each says one thing. Moments are UTC, ids are ascending integers that we give.

Defined with SQLModel, written and read as SQLAlchemy Core (``Room.__table__``, here exported in lower case).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.store.types import Json, UtcTime

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def _id() -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def _ref(*, null: bool = True) -> Any:
    """An id of another row; no foreign key, because the log outlives what it points to."""
    return Field(default=None, sa_column=Column(BigInteger, nullable=null))


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcTime, nullable=null))


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(Json, nullable=False))


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


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
    id: int = _id()
    key: str | None = Field(default=None, unique=True)
    account: str
    title: str = ""
    enabled_at: datetime | None = _time()
    disabled_at: datetime | None = _time()
    heard_at: datetime | None = _time()
    gift_at: datetime | None = _time()


class RoomAddress(SQLModel, table=True):
    """Where a room is on its platform; the id may change, so the mapping can be rebound."""

    __tablename__ = "room_address"
    account: str = Field(primary_key=True)
    platform_id: str = Field(primary_key=True)
    room_id: int = _ref(null=False)


class Member(SQLModel, table=True):
    """A person, whatever identities they use; ``number`` is what operators type (M37).

    ``merged_into`` is who they turned out to be (``bot/people/merging.py``), never one who is merged as well.
    """

    __tablename__ = "member"
    __table_args__ = (Index("ix_member_merged_into", "merged_into", **_where("merged_into IS NOT NULL")),)
    id: int = _id()
    number: int = Field(unique=True)
    created_at: datetime = _time(null=False)
    merged_into: int | None = _ref()


class Identity(SQLModel, table=True):
    """An account of a person on a platform; the log points here, the member is found through it.

    ``member_id`` is None where an import brought an account of which nobody knows whose it is. ``origin_id``
    is whose it was before members were merged; ``phone`` the keyed hash of the number that a shop has for it.
    """

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_identity_member_id", "member_id"),
        Index("ix_identity_phone", "phone", **_where("phone IS NOT NULL")),
    )
    id: int = _id()
    source: str
    external_id: str
    member_id: int | None = _ref()
    name: str = ""
    origin_id: int | None = _ref()
    phone: str | None = None


class IdentityLog(SQLModel, table=True):
    """That members were merged, that an account was linked to one, or that two claim one phone (``kind``).

    ``moved`` are identities; ``ended_at`` is when it was undone, or the claim settled.
    """

    __tablename__ = "identity_log"
    __table_args__ = (
        Index("ix_identity_log_from_id", "from_id", **_where("ended_at IS NULL")),
        Index("ix_identity_log_to_id", "to_id", **_where("ended_at IS NULL")),
    )
    id: int = _id()
    number: int = Field(unique=True)
    kind: str
    from_id: int | None = _ref()
    to_id: int = _ref(null=False)
    moved: list[int] = _json()
    proof: str
    reason: str = ""
    by_id: int | None = _ref()
    at: datetime = _time(null=False)
    ended_at: datetime | None = _time()
    ended_by: int | None = _ref()


class Membership(SQLModel, table=True):
    """That a person is (or was) in a room; ``ordinal`` counts how often they came."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_identity_id", "identity_id"),)
    room_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    identity_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    alias: str = ""
    ordinal: int = 1
    joined_at: datetime | None = _time()
    left_at: datetime | None = _time()


class Interaction(SQLModel, table=True):
    """What happened, once; never changed: a correction is a new row (``corrects_event_id``)."""

    __tablename__ = "interaction"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "name"),
        Index("ix_interaction_said", "identity_id", "occurred_at"),
        Index("ix_interaction_parent", "parent_event_id", **_where("parent_event_id IS NOT NULL")),
        Index(
            "ix_interaction_object",
            "object_type",
            "object_id",
            "room_id",
            **_where("object_type IS NOT NULL"),
        ),
        Index("ix_interaction_programme", "programme_id", "name", **_where("programme_id IS NOT NULL")),
    )
    id: int = _id()
    source: str
    source_id: str
    name: str
    schema_version: int = 1
    occurred_at: datetime = _time(null=False)
    received_at: datetime = _time(null=False)
    identity_id: int | None = _ref()
    actor_role: str = "member"
    room_id: int | None = _ref()
    channel: str = "group"
    object_type: str | None = None
    object_id: str | None = None
    target_identity_id: int | None = _ref()
    parent_event_id: int | None = _ref()
    programme_id: str | None = None
    initiated_by: str = "self"
    prompt_event_id: int | None = _ref()
    amount_cents: int | None = _ref()
    cost_cents: int | None = _ref()
    text_id: int | None = _ref()
    text_len: int = 0
    media_count: int = 0
    value_int: int | None = None
    props: dict[str, Any] = _json()
    consent_scope: str | None = None
    is_test: bool = False
    corrects_event_id: int | None = _ref()


class Text(SQLModel, table=True):
    """What was said, apart from the log, because it is kept for a shorter time."""

    __tablename__ = "text"
    __table_args__ = (Index("ix_text_keep_until", "keep_until", **_where("keep_until IS NOT NULL")),)
    id: int = _id()
    body: str
    keep_until: datetime | None = _time()


class SopVersion(SQLModel, table=True):
    """A SOP as it was written; open runs keep the version that they began with."""

    __tablename__ = "sop_version"
    hash: str = Field(primary_key=True)
    sop_id: str
    yaml: str
    seen_at: datetime = _time(null=False)


class Run(SQLModel, table=True):
    """The state of a SOP for a room, a member or both (``scope``), at one occurrence.

    While ``listens_until`` is set and ``closed_at`` is not, the run hears what its person says in its room.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("sop_id", "scope", "occurrence"),
        Index("ix_run_listening", "identity_id", **_where("listens_until IS NOT NULL AND closed_at IS NULL")),
    )
    id: int = _id()
    account: str
    sop_id: str
    sop_hash: str
    scope: str
    occurrence: str
    room_id: int | None = _ref()
    identity_id: int | None = _ref()
    state: dict[str, Any] = _json()
    state_version: int = 1
    opened_at: datetime = _time(null=False)
    listens_until: datetime | None = _time()
    closed_at: datetime | None = _time()


class Cursor(SQLModel, table=True):
    """How far a schedule of a SOP has been played in a room, and its next moment."""

    __tablename__ = "cursor"
    __table_args__ = (Index("ix_cursor_next_at", "account", "next_at"),)
    sop_id: str = Field(primary_key=True)
    room_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    step: str = Field(primary_key=True)
    account: str
    schedule: str
    at: datetime = _time(null=False)
    next_at: datetime | None = _time()


class Slot(SQLModel, table=True):
    """A scheduled moment that came: done, missed or failed.

    ``occurrence`` is its local date, or for a run by hand the command's message.
    """

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("sop_id", "room_id", "step", "occurrence"),)
    id: int = _id()
    sop_id: str
    room_id: int = _ref(null=False)
    step: str
    occurrence: str
    due_at: datetime = _time(null=False)
    handled_at: datetime = _time(null=False)
    state: str
    reason: str = ""


class Wait(SQLModel, table=True):
    """What wakes a run at ``due_at``; ``since`` is the first such moment, if the SOP failed there."""

    __tablename__ = "wait"
    __table_args__ = (
        UniqueConstraint("run_id", "what"),
        Index("ix_wait_due_at", "account", "due_at"),
    )
    id: int = _id()
    account: str
    run_id: int = _ref(null=False)
    what: str
    due_at: datetime = _time(null=False)
    since: datetime = _time(null=False)


BEGUN = "intent IN ('give', 'ask', 'promo') AND sending_at IS NOT NULL"
"""What we began ourselves: the guard counts it."""


class Outgoing(SQLModel, table=True):
    """An effect that people or the platform notice; nothing reaches the world but from here."""

    __tablename__ = "outgoing"
    __table_args__ = (
        Index("ix_outgoing_open", "account", **_where("settled_at IS NULL")),
        Index("ix_outgoing_platform_id", "platform_id", **_where("platform_id IS NOT NULL")),
        Index("ix_outgoing_settled_at", "settled_at", **_where("wiped_at IS NULL")),
        Index("ix_outgoing_sending_at", "account", "sending_at", **_where("sending_at IS NOT NULL")),
        Index("ix_outgoing_begun", "room_id", "sending_at", **_where(BEGUN)),
    )
    id: int = _id()
    account: str
    room_id: int | None = _ref()
    identity_id: int | None = _ref()
    kind: str
    payload: dict[str, Any] = _json()
    intent: str
    priority: int
    post_id: int = _ref(null=False)
    sequence: int = 0
    repeat: str = "never"
    despite_stop: bool = False
    dedupe_key: str = Field(unique=True)
    sop_id: str | None = None
    run_id: int | None = _ref()
    cause_id: int | None = _ref()
    state: str
    reason: str = ""
    attempts: int = 0
    held_by: str | None = None
    queued_at: datetime = _time(null=False)
    answers_at: datetime | None = _time()
    not_before: datetime | None = _time()
    expires_at: datetime | None = _time()
    sending_at: datetime | None = _time()
    settled_at: datetime | None = _time()
    wiped_at: datetime | None = _time()
    platform_id: str | None = None


class Brake(SQLModel, table=True):
    """What keeps an account from sending: the stop switch, or the platform's "too often" (``kind``).

    ``until`` is None where a human has to lift it; ``times`` counts how often in a row it was set.
    """

    __tablename__ = "brake"
    account: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    since: datetime = _time(null=False)
    until: datetime | None = _time()
    times: int = 1
    member_id: int | None = _ref()


class Restraint(SQLModel, table=True):
    """What a human told us not to begin: a SOP is ``paused``, or a room is ``hushed`` (``kind``).

    ``target`` is the SOP's id, or the room's; ``until`` is None where a human has to lift it.
    """

    __tablename__ = "restraint"
    account: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    since: datetime = _time(null=False)
    until: datetime | None = _time()
    member_id: int | None = _ref()


class Media(SQLModel, table=True):
    """A picture that a message bears: ``wanted`` until its bytes lie in the media folder under their hash."""

    __tablename__ = "media"
    __table_args__ = (
        Index("ix_media_wanted", "account", **_where("state = 'wanted'")),
        Index("ix_media_interaction_id", "interaction_id"),
        Index("ix_media_hash", "hash", **_where("hash IS NOT NULL")),
        Index("ix_media_keep_until", "keep_until", **_where("keep_until IS NOT NULL")),
    )
    id: int = _id()
    account: str
    interaction_id: int = _ref(null=False)
    ref: str
    name: str = ""
    state: str
    attempts: int = 0
    not_before: datetime | None = _time()
    hash: str | None = None
    bytes: int | None = _ref()
    keep_until: datetime | None = _time()
    dhash: int | None = _ref()
    """How it looks (see ``bot.likeness``); None where that is not known."""


class Consent(SQLModel, table=True):
    """What a member decided last about a purpose; that they did so is in the log, each time."""

    __tablename__ = "consent"
    member_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    purpose: str = Field(primary_key=True)
    given: bool
    at: datetime = _time(null=False)
    text_version: str = ""
    interaction_id: int | None = _ref()


class Document(SQLModel, table=True):
    """The words by which a text is found again (``bot/store/search.py``); the text itself stays elsewhere.

    ``id`` is the interaction that it came from, ``object_id`` what it is about (a question's number).
    """

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_keep_until", "keep_until", **_where("keep_until IS NOT NULL")),)
    id: int = _id()
    kind: str
    object_id: str
    room_id: int | None = _ref()
    words: str
    keep_until: datetime | None = _time()


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
    evidence: list[int] = _json()
    first_at: datetime = _time(null=False)
    last_at: datetime = _time(null=False)
    expires_at: datetime | None = _time()
    version: str = ""
    refused_at: datetime | None = _time()


class ScoreEntry(SQLModel, table=True):
    """Points that a rule gave for an interaction, or took back; the ledger of contribution."""

    __tablename__ = "score_entry"
    __table_args__ = (
        UniqueConstraint("rule", "event_id"),
        Index("ix_score_entry_identity_id", "identity_id"),
    )
    id: int = _id()
    identity_id: int = _ref(null=False)
    rule: str
    event_id: int = _ref(null=False)
    dimension: str
    points: float
    at: datetime = _time(null=False)
    programme_id: str | None = None


class Role(SQLModel, table=True):
    """Who was given which role, by whom; a role that was taken back keeps its row."""

    __tablename__ = "role"
    __table_args__ = (Index("ix_role_member_id", "member_id"),)
    id: int = _id()
    member_id: int = _ref(null=False)
    role: str
    given_at: datetime = _time(null=False)
    given_by: int | None = _ref()
    taken_at: datetime | None = _time()
    taken_by: int | None = _ref()


class ComplaintCase(SQLModel, table=True):
    """A complaint (``interaction_id`` is the message) until somebody closes it; ``number`` is what they type.

    ``answered_at`` is when a human said something in the room, or closed it. ``closed_by`` is a member.
    """

    __tablename__ = "complaint_case"
    __table_args__ = (Index("ix_complaint_case_room_id", "room_id", **_where("closed_at IS NULL")),)
    id: int = _id()
    number: int = Field(unique=True)
    room_id: int | None = _ref()
    identity_id: int = _ref(null=False)
    interaction_id: int = _ref(null=False)
    opened_at: datetime = _time(null=False)
    answered_at: datetime | None = _time()
    closed_at: datetime | None = _time()
    closed_by: int | None = _ref()


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
    id: int = _id()
    at: datetime = _time(null=False)
    place: str
    error: str
    traceback: str = ""
    interaction_id: int | None = _ref()
    sop_id: str | None = None


def _table(model: type[SQLModel]) -> Table:
    table = metadata.tables[str(model.__tablename__)]
    assert isinstance(table, Table)
    return table


id_block, counter = _table(IdBlock), _table(Counter)
room, room_address = _table(Room), _table(RoomAddress)
member, identity, membership = _table(Member), _table(Identity), _table(Membership)
identity_log = _table(IdentityLog)
interaction, texts = _table(Interaction), _table(Text)
sop_version, run, wait = _table(SopVersion), _table(Run), _table(Wait)
cursor, slot, outgoing = _table(Cursor), _table(Slot), _table(Outgoing)
restraint = _table(Restraint)
brake, media, consent = _table(Brake), _table(Media), _table(Consent)
document, tag, score_entry = _table(Document), _table(Tag), _table(ScoreEntry)
role, unheard, failure = _table(Role), _table(Unheard), _table(Failure)
complaint_case = _table(ComplaintCase)
