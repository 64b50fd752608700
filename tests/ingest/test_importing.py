from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.errors import ImportFailed
from bot.events import Person as SeenPerson
from bot.ingest import importing
from bot.ingest.columns import Chosen
from bot.ingest.records import Setting
from bot.ingest.run import import_file
from bot.people import directory, merging, phones
from bot.people.directory import Person
from bot.people.merging import Proof, Why
from bot.store import session
from bot.store.tables import identity, identity_log, interaction, member, metadata
from bot.store.writer import Writer
from tests.builders import MONDAY_9, QING, ZHOU, Boom, rows
from tests.conftest import ROOT
from tests.ingest.shop import (
    KEY,
    ORDER_COLUMNS,
    SETTING,
    TOPIC,
    counts,
    nobody,
    refused,
    take,
    written,
)

SAMPLE = ROOT / "data" / "sample"
PAID = ("A1", "C1", "59.90", "2026-11-01 09:05", "")


def everything(writer: Writer) -> list[Any]:
    with writer.engine.connect() as connection:
        tables = (interaction, identity, member, identity_log)
        return [connection.execute(select(it).order_by(it.c.id)).all() for it in tables]


def meet(writer: Writer, seen: SeenPerson = QING) -> Person:
    with writer.transaction(MONDAY_9) as tx:
        return directory.meet(tx, "fake:main", [seen])[seen.id]


def whose(writer: Writer, external_id: str) -> int | None:
    with writer.engine.connect() as connection:
        (row,) = rows(connection, identity, external_id=external_id)
    return row["member_id"]  # type: ignore[no-any-return]


def orders(tmp_path: Path, *lines: tuple[str, ...], name: str = "orders.csv") -> Path:
    return written(tmp_path / name, ORDER_COLUMNS, lines)


# --- the sample ---


@pytest.mark.parametrize(
    ("name", "file", "new", "events"),
    [
        (
            "orders",
            "orders.csv",
            42,
            {"order_placed": 42, "order_paid": 42, "order_delivered": 42, "order_refunded": 3},
        ),
        ("members", "members.csv", 12, {}),
        ("views", "views.jsonl", 40, {"content_opened": 40}),
        ("costs", "costs.csv", 8, {"cost_recorded": 8}),
    ],
)
def test_the_sample_is_imported_once(
    writer: Writer, name: str, file: str, new: int, events: dict[str, int]
) -> None:
    first = take(writer, SAMPLE / file, name)
    assert counts(first) == (new, 0, 0)
    assert dict(first.tally.events) == events
    before = everything(writer)
    again = take(writer, SAMPLE / file, name)
    assert counts(again) == (0, new, 0)
    assert everything(writer) == before
    assert (first.report, again.report) == (None, None)


def test_the_samples_money_is_what_the_file_says(writer: Writer) -> None:
    take(writer, SAMPLE / "orders.csv")
    with writer.engine.connect() as connection:
        found = rows(connection, interaction, source="shop:yuanye", name="order_paid")
    lines = (SAMPLE / "orders.csv").read_text("utf-8").splitlines()[1:]
    assert sum(row["amount_cents"] for row in found) == sum(
        round(float(line.split(",")[3]) * 100) for line in lines
    )


def test_a_dry_run_says_the_same_and_writes_nothing(writer: Writer) -> None:
    before = everything(writer)
    dry = [take(writer, SAMPLE / file, name, dry=True).tally for name, file in FILES.items()]
    assert everything(writer) == before
    done = [take(writer, SAMPLE / file, name).tally for name, file in FILES.items()]
    for told, came in zip(dry[:1] + dry[2:], done[:1] + done[2:], strict=True):
        assert (told.new, told.unchanged, told.refused) == (came.new, came.unchanged, came.refused)
        assert told.events == came.events


FILES = {"orders": "orders.csv", "members": "members.csv", "views": "views.jsonl", "costs": "costs.csv"}


# --- who has no place in chat leaves as little as can be ---


def test_a_buyer_whom_nobody_knows_is_an_account_without_member_or_name(writer: Writer) -> None:
    take(writer, SAMPLE / "orders.csv")
    with writer.engine.connect() as connection:
        assert rows(connection, member) == []
        found = rows(connection, identity)
    assert {(row["source"], row["member_id"], row["name"]) for row in found} == {("shop/yuanye", None, "")}
    assert len(found) == 12
    text = str(everything(writer))
    assert "1990000" not in text


def test_a_member_who_gave_the_same_number_has_their_orders(writer: Writer) -> None:
    person = meet(writer)
    with writer.transaction(MONDAY_9) as tx:
        phones.give(tx, person, phones.hashed(KEY, "19900000004"))
    outcome = take(writer, SAMPLE / "orders.csv")
    assert outcome.tally.linked == 1
    assert whose(writer, "C004") == person.member_id
    with writer.engine.connect() as connection:
        (entry,) = rows(connection, identity_log)
    assert (entry["kind"], entry["proof"], entry["by_id"]) == ("linked", "phone", None)


def test_who_gives_the_number_later_has_them_then(writer: Writer) -> None:
    take(writer, SAMPLE / "orders.csv")
    take(writer, SAMPLE / "members.csv", "members")
    person = meet(writer)
    with writer.transaction(MONDAY_9) as tx:
        phones.give(tx, person, phones.hashed(KEY, "19900000004"))
    assert whose(writer, "C004") == whose(writer, "reader-04") == person.member_id
    assert whose(writer, "C005") is None


def test_a_number_that_comes_with_a_later_file_links_too(writer: Writer, tmp_path: Path) -> None:
    person = meet(writer)
    with writer.transaction(MONDAY_9) as tx:
        phones.give(tx, person, phones.hashed(KEY, "13800138000"))
    take(writer, orders(tmp_path, PAID))
    assert whose(writer, "C1") is None
    table = written(tmp_path / "m.csv", ("customer", "phone"), [("C1", "138-0013-8000")])
    assert counts(take(writer, table, "members")) == (1, 0, 0)
    assert whose(writer, "C1") == person.member_id
    assert counts(take(writer, table, "members")) == (0, 1, 0)


def test_staff_say_whose_an_account_is_by_the_number_in_chat(writer: Writer, tmp_path: Path) -> None:
    qing, zhou = meet(writer), meet(writer, ZHOU)
    lines = [(f"M{qing.number}", "C1"), (f"m{zhou.number}", "C1"), ("M99", "C2"), ("阿青", "C3"), ("", "C4")]
    outcome = take(writer, written(tmp_path / "m.csv", ("M编号", "买家编号"), lines), "members")
    assert whose(writer, "C1") == qing.member_id
    assert refused(outcome) == [
        ("5", "会员编号要写成 M37：阿青"),
        ("6", "没有手机号也没有 M 编号，对不上是谁"),
        ("4", "群里没有这个编号：M99"),
        ("3", f"这个账号已经是别人的：M{qing.number}"),
    ]
    with writer.engine.connect() as connection:
        assert {row["external_id"] for row in rows(connection, identity)} == {QING.id, ZHOU.id, "C1"}


def test_an_account_of_one_who_was_merged_is_the_others(writer: Writer, tmp_path: Path) -> None:
    qing, zhou = meet(writer), meet(writer, ZHOU)
    with writer.transaction(MONDAY_9) as tx:
        merging.merge(tx, zhou.member_id, qing.member_id, Why(Proof.STAFF))
    take(writer, written(tmp_path / "m.csv", ("M编号", "买家编号"), [(f"M{zhou.number}", "C1")]), "members")
    assert whose(writer, "C1") == qing.member_id


# --- rows that repeat, contradict, or come in another order ---


def test_a_refund_may_come_before_its_order(writer: Writer, tmp_path: Path) -> None:
    back = ("A1", "C1", "-59.90", "", "2026-11-05")
    outcome = take(writer, orders(tmp_path, back, PAID))
    assert counts(outcome) == (2, 0, 0)
    with writer.engine.connect() as connection:
        found = rows(connection, interaction, source_id="A1")
    assert {row["name"]: row["amount_cents"] for row in found} == {"order_refunded": 5990, "order_paid": 5990}


def test_what_contradicts_what_is_on_record_is_refused_whole(writer: Writer, tmp_path: Path) -> None:
    take(writer, orders(tmp_path, PAID))
    before = everything(writer)
    other = ("A1", "C1", "69.90", "2026-11-01 09:05", "2026-11-05")
    stranger = ("A1", "C1x", "59.90", "2026-11-01 09:05", "")
    outcome = take(writer, orders(tmp_path, other, stranger, PAID))
    assert counts(outcome) == (0, 1, 2)
    assert refused(outcome) == [
        ("2", "和已经记下的对不上：A1 记着 ¥59.90，这次 ¥69.90"),
        ("3", "和已经记下的对不上：A1 买家不是同一位"),
    ]
    assert everything(writer)[0] == before[0]


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
@pytest.mark.parametrize("dry", [False, True])
def test_rows_of_one_file_may_contradict_each_other(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, dry: bool
) -> None:
    monkeypatch.setattr(importing, "CHUNK", chunk)
    other = ("A1", "C1", "69.90", "2026-11-01 09:05", "")
    outcome = take(writer, orders(tmp_path, PAID, other, PAID), dry=dry)
    assert counts(outcome) == (1, 1, 1)
    assert [line for line, _ in refused(outcome)] == ["3"]


def test_an_import_that_was_broken_off_goes_on_where_it_was(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    beats = iter(range(99))

    def pulled(done: int, of: int) -> None:
        if next(beats) == 2:
            raise Boom

    with pytest.raises(Boom):
        import_file(
            SAMPLE / "orders.csv",
            TOPIC["orders"],
            SETTING,
            writer,
            mapping=Chosen(),
            dry=False,
            show=pulled,
        )
    assert counts(take(writer, SAMPLE / "orders.csv")) == (12, 30, 0)


def test_costs_without_an_id_are_told_apart_by_what_they_say(writer: Writer, tmp_path: Path) -> None:
    lines = [("2026-11-01", "广告", "100"), ("2026-11-01", "广告", "100"), ("2026-11-01", "样品", "100")]
    table = written(tmp_path / "c.csv", ("日期", "类别", "金额"), [*lines, ("2026-11-01", "广告", "-5")])
    assert counts(take(writer, table, "costs")) == (2, 1, 1)


# --- files that are not as they should be ---


def test_lines_that_cannot_be_read_are_refused_and_the_others_taken(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "订单号,买家,金额,付款时间\n"
        "A1,C1,59.90,2026-11-01\n"
        "A2,C1\n"
        ",,,\n"
        "A3,C1,59.90,2026-11-01,,\n"
        "A4,C1,59.90,2026-11-01,多了\n"
        "A5,C1,很多,2026-11-01\n",
        "utf-8",
    )
    outcome = take(writer, path)
    assert counts(outcome) == (2, 0, 3)
    assert refused(outcome) == [("3", "这一行读不出来"), ("6", "这一行读不出来"), ("7", "金额看不懂：很多")]
    assert outcome.report == tmp_path / "orders.csv.refused.csv"


def test_a_report_names_no_phone_and_goes_once_nothing_is_refused(writer: Writer, tmp_path: Path) -> None:
    header = ("order", "customer", "phone", "amount", "paid_at")
    wrong = ("A1", "13800138000", "+86 (138) 0013-8000", "很多", "2026-11-01")
    outcome = take(writer, written(tmp_path / "a.csv", header, [wrong]))
    assert outcome.report is not None
    text = outcome.report.read_text("utf-8-sig")
    assert "customer=138****8000｜phone=138****8000｜amount=很多" in text
    assert "0013" not in text
    right = ("A1", "C1", "", "5", "2026-11-01")
    assert take(writer, written(tmp_path / "a.csv", header, [right])).report is None
    assert not outcome.report.exists()


def test_numbers_need_a_key(writer: Writer) -> None:
    without = Setting("yuanye", SETTING.zone, MONDAY_9, None)
    with pytest.raises(ImportFailed, match="BOT_PHONE_KEY"):
        import_file(
            SAMPLE / "orders.csv",
            TOPIC["orders"],
            without,
            writer,
            mapping=Chosen(),
            dry=False,
            show=nobody,
        )


# --- the law ---

LINE = st.tuples(
    st.sampled_from(["A1", "A2", "A3"]),
    st.sampled_from(["C1", "C2"]),
    st.sampled_from(["10", "20", "-10", "十元"]),
    st.sampled_from(["2026-11-01", "", "11月1日"]),
    st.sampled_from(["2026-11-05", ""]),
)


@given(st.lists(st.lists(LINE, max_size=6), min_size=1, max_size=4), st.integers(1, 3))
@settings(max_examples=40)
def test_importing_anything_again_changes_nothing(files: list[list[tuple[str, ...]]], chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "CHUNK", chunk)
        engine = session.open_engine("sqlite://")
        metadata.create_all(engine)
        writer = Writer(engine)
        paths = [orders(Path(folder), *lines, name=f"{n}.csv") for n, lines in enumerate(files)]
        first = [counts(take(writer, path)) for path in paths]
        assert [sum(it) for it in first] == [len(lines) for lines in files]
        before = everything(writer)
        for path, (new, unchanged, no) in zip(reversed(paths), reversed(first), strict=True):
            assert counts(take(writer, path)) == (0, new + unchanged, no)
        assert everything(writer) == before
        writer.close()
        engine.dispose()
