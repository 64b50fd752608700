from __future__ import annotations

import pytest

from bot.sop.referring import says_somebody


@pytest.mark.parametrize(
    ("words", "is_so"),
    [
        ("朋友推荐的", True),
        ("我妈拉我进来的", True),
        ("楼下邻居介绍，她常买", True),
        ("没有人介绍", False),
        ("没人，自己搜到的", False),
        ("朋友圈看到的", False),
        ("小红书推荐的", False),
        ("路过农场看见牌子", False),
        ("自己找来的", False),
        ("", False),
    ],
)
def test_that_somebody_brought_them_is_heard_and_nothing_else(words: str, is_so: bool) -> None:
    assert says_somebody(words) is is_so
