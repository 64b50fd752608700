from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.sop import versions
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.loader import LoadedFile, SopSet
from bot.store.tables import sop_version
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, rows

ID = "dinner-table"


def rewritten(sops: SopSet, old: str, new: str) -> SopSet:
    """The set after an operator changed the challenge's file."""
    source = sops.source[ID]
    assert old in source.text
    changed = LoadedFile(source.file, "hash-2", source.text.replace(old, new))
    return replace(sops, source=MappingProxyType({**sops.source, ID: changed}))


def without(sops: SopSet) -> SopSet:
    """The set after an operator removed the challenge's file."""
    declared = MappingProxyType({key: sop for key, sop in sops.declared.items() if key != ID})
    source = MappingProxyType({key: file for key, file in sops.source.items() if key != ID})
    return replace(sops, sops=declared, declared=declared, source=source)


@pytest.fixture
def noted(tx: Transaction, sops: SopSet) -> str:
    """The version of the challenge as it is; everything was noted."""
    versions.note(tx, sops)
    return sops.source[ID].hash


def test_the_text_of_every_sop_is_kept_once(tx: Transaction, sops: SopSet) -> None:
    versions.note(tx, sops)
    versions.note(tx, sops)
    found = rows(tx.connection, sop_version)
    assert {row["sop_id"] for row in found} == set(sops.declared)
    assert len(found) == len(sops.declared)
    assert {row["seen_at"] for row in found} == {MONDAY_9}


def test_a_new_text_is_a_new_version(tx: Transaction, sops: SopSet, noted: str) -> None:
    versions.note(tx, rewritten(sops, "join_within: 10m", "join_within: 5m"))
    assert {row["hash"] for row in rows(tx.connection, sop_version, sop_id=ID)} == {noted, "hash-2"}


def test_todays_version_is_the_sop_itself(tx: Transaction, sops: SopSet, noted: str) -> None:
    assert versions.at(tx, sops, ID, noted) is sops.declared[ID]


def test_an_old_version_has_the_structure_that_it_had(tx: Transaction, sops: SopSet, noted: str) -> None:
    now = rewritten(sops, "join_within: 10m", "join_within: 5m")
    then = versions.at(tx, now, ID, noted)
    assert isinstance(then, Challenge)
    assert then == sops.declared[ID]


def test_a_sop_whose_file_is_gone_is_still_known(tx: Transaction, sops: SopSet, noted: str) -> None:
    assert versions.at(tx, without(sops), ID, noted) == sops.declared[ID]


def test_an_old_version_is_for_the_rooms_that_its_sets_name_today(
    tx: Transaction, sops: SopSet, noted: str
) -> None:
    community = sops.community.model_copy(update={"sets": {"会员群": ("会员3群",)}})
    then = versions.at(tx, replace(without(sops), community=community), ID, noted)
    assert then is not None
    assert then.rooms == ("会员3群",)


def test_a_version_nobody_noted_is_none(tx: Transaction, sops: SopSet, noted: str) -> None:
    assert versions.at(tx, sops, ID, "another") is None


def test_a_version_that_the_program_cannot_read_any_more_is_none(
    tx: Transaction, sops: SopSet, noted: str
) -> None:
    no_kinds = replace(without(sops), kinds=MappingProxyType({}))
    assert versions.at(tx, no_kinds, ID, noted) is None
    unreadable = rewritten(sops, "gather: 30m", "gather: sometime")
    versions.note(tx, unreadable)
    assert versions.at(tx, without(sops), ID, "hash-2") is None


def test_a_sop_is_as_its_file_says_or_said_last(tx: Transaction, sops: SopSet, noted: str) -> None:
    assert versions.last(tx, sops, ID) is sops.declared[ID]
    tx.now += timedelta(days=1)
    versions.note(tx, rewritten(sops, "join_within: 10m", "join_within: 5m"))
    last = versions.last(tx, without(sops), ID)
    assert isinstance(last, Challenge)
    assert last.entry.join_within == timedelta(minutes=5)
    assert versions.last(tx, sops, "another") is None
