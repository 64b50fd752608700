from __future__ import annotations

from datetime import time

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.outbox.rules import Hours
from bot.sop.hours import USUAL, OpenHours
from bot.sop.problems import Mistake

ADAPTER: TypeAdapter[tuple[Hours, ...]] = TypeAdapter(OpenHours)
DAY, WEEKEND = Hours(time(8, 30), time(21, 30)), Hours(time(9, 30), time(22))


@pytest.mark.parametrize(
    "written",
    [
        {"周一到周五": "08:30-21:30", "周末": "09:30-22:00"},
        {"mon-fri": "8:30 到 21:30", "周六、周日": "9：30～22：00"},
        {"周六日": "9:30-22:00", "周一至周五": "8:30-21:30"},
    ],
)
def test_they_are_read_as_people_write_them(written: dict[str, str]) -> None:
    assert ADAPTER.validate_python(written) == (DAY,) * 5 + (WEEKEND,) * 2 == USUAL


def test_every_day_alike_and_to_the_end_of_the_day() -> None:
    assert ADAPTER.validate_python({"每天": "00:00-24:00"}) == (Hours(time.min, time.max),) * 7


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"周一到周五": "08:30-21:30"}, "没有写周六、周日"),
        ({"每天": "08:30-21:30", "周日": "09:30-22:00"}, "周日写了两次"),
        ({"每天": "21:30-08:30"}, "结束的时刻要比开始的晚"),
        ({"每天": "25:00-26:00"}, "没有 25:00"),
        ({"每天": "早上到晚上"}, "看不懂"),
        ({"周八": "08:30-21:30"}, "看不懂"),
        ({"1": "08:30-21:30"}, "星期不能写数字"),
        ("08:30-21:30", "哪几天从几点到几点"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(written: object, says: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ADAPTER.validate_python(written)
    (detail,) = raised.value.errors()
    mistake = detail["ctx"]["error"]
    assert isinstance(mistake, Mistake)
    assert any(says in finding.message for finding in mistake.findings)


def test_they_are_written_day_by_day() -> None:
    assert ADAPTER.dump_python(USUAL, mode="json")["周六"] == "09:30-22:00"


def test_holidays_may_have_hours_of_their_own() -> None:
    written = {"每天": "08:00-20:00", "节假日": "10:00-22:00"}
    hours = ADAPTER.validate_python(written)
    assert (len(hours), str(hours[7])) == (8, "10:00-22:00")
    assert ADAPTER.dump_python(hours, mode="json")["节假日"] == "10:00-22:00"
