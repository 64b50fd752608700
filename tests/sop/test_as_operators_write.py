"""The four SOPs as somebody who is no programmer would like to write them: each loads as it stands here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.sop import loader
from bot.sop.kinds import collect

ROOT = Path(__file__).parents[2]

THEME_DAY = """
sop: theme_day
id: monday-origin
name: 周一溯源日
every: 周一 12:10
late_after: 3h                     # after that it is not sent any more, and the slot says so
on_holiday: 跳过                   # 跳过 | 照发 | 顺延
post: {intent: give, shelf: 溯源故事, template: origin_story.j2, pictures: [封面, 检测报告]}
window:
  until: 21:30
  ask: 你家这周用它做了什么？
  collect: {at_least: 10字, tag: {可持续农业: 1}}
digest: {at: 周二 12:10, template: origin_digest.j2, at_least: 3条, pick: 运营}
"""
WELCOME = """
sop: welcome
id: welcome-survey
name: 新朋友问卷
mode: gate                         # gate 先问后进 | onboarding 先进后问
rooms: 会员群                      # a key of community.yaml; gate must name one
hello: {template: hello.j2, after: 1m, consent: 回复“好”开始}
questions:
  - {ask: 家里平时谁做饭？, choices: {我: {tag: 烹饪热情}, 家里人: {}, 多半在外面吃: {tag: 办公室}}}
  - ask: 有机和可持续农业，您怎么看？
    choices: {很认同: {fit: 2, tag: 有机认同}, 想多了解: {fit: 2}, 无所谓: {fit: 0}, 不太信: {fit: 0}}
  - {ask: 希望这个群帮到您什么？一句话就好, answer: text, optional: true}
patience: {remind: 24h, give_up: 3d}
fit: {pass: 2, otherwise: 人工, answer_within: 24h, template: please_wait.j2}
greet: {gather: 10m, names: 5, template: welcome_together.j2}
"""
QA_DAY = """
sop: qa_day
id: friday-qa
name: 周五问答日
every: 周五 19:30
until: 21:00
expert: 营养师                     # a role or a person of community.yaml
remind: [{at: 周四 12:10, template: qa_tomorrow.j2}]
accept: [提问, 问一下, "@机器人"]  # open from the first reminder on
number_cards: {gather: 2m, template: qa_cards.j2}
unanswered: [{after: 20m, call: 能答的会员}, {after: 1h, call: 专家}, {after: 24h, call: 运营群}]
to_human: [治疗, 停药, 孕期, 过敏]
digest: {at: 周六 10:00, top: 8, template: qa_digest.j2}
"""
CHALLENGE = """
sop: challenge
id: dinner-table
name: 我的原野餐桌
hashtag: 我的原野餐桌
also: [我的餐桌, 餐桌打卡]         # counts without #, only together with a picture
days: 2026-11-30 到 2026-12-20
entry: {needs: [图片, 文字], join_within: 10m, per_day: 1, ask_for: [用了哪样, 家里的故事]}
receipt: {gather: 30m, template: table_receipt.j2}
streak: {badge_at: [7, 14, 21], make_up: 2}
prizes: {坚持奖: {by: days, seats: 5}, 故事奖: {by: 运营挑选, seats: 3, gift: 农场主的信}}
news: {every: 周日 20:00, template: table_week.j2}
close: {template: table_close.j2}
"""


@pytest.mark.parametrize("text", [THEME_DAY, WELCOME, QA_DAY, CHALLENGE])
def test_it_loads_as_it_is_written(tmp_path: Path, text: str) -> None:
    shutil.copy(ROOT / "sops" / "community.yaml", tmp_path)
    (tmp_path / "sop.yaml").write_text(text, encoding="utf-8")
    loaded = loader.load(tmp_path, ROOT / "templates", collect())
    assert loaded.problems == []
    assert loaded.sops is not None
    assert len(loaded.sops.sops) == 1
