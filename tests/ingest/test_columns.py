from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ImportFailed
from bot.ingest.columns import Chosen, find, read_mapping
from bot.ingest.orders import ORDERS
from bot.ingest.topics import TOPICS


def places(header: list[str], mapping: Chosen | None = None) -> dict[str, int]:
    return dict(find(header, ORDERS.columns, ORDERS.needed, mapping or Chosen()))


def test_columns_are_known_by_their_usual_names() -> None:
    assert places(["订单编号", "买家ID", "实付金额（元）", "付款时间"]) == {
        "order": 0,
        "customer": 1,
        "amount": 2,
        "paid_at": 3,
    }
    assert places(["Order ID", "phone", "Total Amount", "paid_at", "无关"]) == {
        "order": 0,
        "phone": 1,
        "amount": 2,
        "paid_at": 3,
    }


def test_what_was_really_paid_goes_before_what_was_asked() -> None:
    assert places(["订单编号", "买家", "订单金额", "实付金额", "时间"])["amount"] == 3


def test_what_is_missing_is_named_with_what_was_found() -> None:
    with pytest.raises(ImportFailed) as caught:
        places(["单子", "客人", "实付金额"])
    assert "缺：订单号（订单编号/order）；买家（买家编号/customer或手机号/phone）；时间（" in str(
        caught.value
    )
    assert "文件里有：单子、客人、实付金额。" in str(caught.value)


def test_a_mapping_says_which_column_is_what(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("source: shop2\ncolumns:\n  order: 单子\n  customer: 客人\n  at: 哪天\n", "utf-8")
    mapping = read_mapping(path, ORDERS.columns)
    assert mapping.source == "shop2"
    assert places(["哪天", "单子", "客人", "金额"], mapping) == {
        "at": 0,
        "order": 1,
        "customer": 2,
        "amount": 3,
    }
    with pytest.raises(ImportFailed, match="customer 对应的列“客人”"):
        places(["哪天", "单子", "买家", "金额"], mapping)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("columns: {ordre: 单子}\n", r"m.yaml:1:\d+ columns.ordre：没有这一项，是不是“order”"),
        ("source: 店\n", "source"),
        ("column: {}\n", "column"),
        ("columns: [\n", "m.yaml:"),
    ],
)
def test_a_wrong_mapping_is_told_at_its_place(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ImportFailed, match=why):
        read_mapping(path, ORDERS.columns)


def test_no_usual_name_means_two_things() -> None:
    for topic in TOPICS:
        names = [name for it in topic.columns for name in (it.key.replace("_", ""), *it.usual)]
        assert len(names) == len(set(names)), topic.name
