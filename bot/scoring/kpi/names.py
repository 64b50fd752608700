"""What each figure is called, by its id: as goals may name it in ``scoring.yaml``, and as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "monthly_active": "月活",
        "interactions_per_member": "人均互动",
        "silent": "沉默",
        "mood": "情感",
        "woken": "唤醒",
        "questionnaire": "问卷通过",
        "complaints": "投诉",
        "flywheel": "飞轮",
        "works": "作品",
        "challenge_participation": "挑战参与",
        "answered": "24小时内答了",
        "nps": "NPS",
        "repurchase": "复购",
        "repurchase_90": "首单90天再买",
        "word_of_mouth": "口碑新客",
        "ltv": "LTV",
        "cac": "CAC",
        "ltv_cac": "LTV/CAC",
        "ltv_predicted": "LTV预测",
        "depth": "有3位以上互相来往",
        "promo_share": "推广占比",
        "gives_per_ask": "给:要",
        "quiet_sends": "夜间",
        "at_all": "@全员",
        "left": "退群",
        "dnc": "别@我",
        "held_back": "规矩拦下",
    }
)
