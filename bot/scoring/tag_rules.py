"""Which tags there are, by which words and acts, and what it takes to get and keep one. Data alone;
``sops/tags.yaml`` says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.people.points import Dimension

VALUES, INTERESTS, CONTRIBUTION, OWN = "价值观", "兴趣", "贡献度", "自定"

_SENSITIVE = {
    "健康": "糖尿病 高血压 血压 血糖 血脂 尿酸 痛风 癌 肿瘤 化疗 放疗 手术 住院 出院 确诊 复查 吃药 服药 "
    "停药 处方 病历 抑郁 失眠 过敏 湿疹 哮喘 胃病 肠炎 肾病 肝病 脂肪肝 心脏病 甲状腺 结节 贫血 慢性病 "
    "生病 康复 残疾 艾滋 乙肝",
    "孕产": "怀孕 孕期 孕妇 孕妈 孕早期 孕晚期 备孕 产后 产检 坐月子 月子餐 哺乳 母乳 流产 试管婴儿",
    "信仰": "信佛 佛教 佛祖 拜佛 念经 信教 宗教 教堂 基督 天主教 伊斯兰 穆斯林 清真 斋月 道教 吃斋 祷告",
    "政治": "政治 政党 党员 入党 选举 游行 抗议 上访 维权 示威",
    "未成年人": "宝宝 婴儿 幼儿 辅食 月龄 小学 初中 中考 未成年 奶粉 尿不湿",
    "住处": "小区 号楼 单元 门牌 住在 我家在 我住 收货地址 家庭住址 快递地址 定位",
}
SENSITIVE: Mapping[str, tuple[str, ...]] = {of: (*words.split(),) for of, words in _SENSITIVE.items()}
"""What no tag is ever made of, by what it is about. A message that has one of these is not read for tags at
all: what else it says may be told from it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a person: what they did counts (rewards by name, and all of a SOP by its id); what they say
    only makes surer what is known."""

    words: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InterestRule:
    """An interest comes with ``on`` points on so many ``days``, and ``lift`` times the usual share; it goes
    below ``off`` points, or below the usual share. A day counts once, a purchase for ``purchase``.

    With fewer than ``members`` who have any interest nothing is usual, and ``lift`` is not asked for.
    """

    on: float = 2.5
    days: int = 3
    lift: float = 1.5
    off: float = 1.0
    half_life: int = 120
    purchase: float = 2.0
    members: int = 20


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Acts move a value away from what the questionnaire said, which weighs as much as ``prior`` acts."""

    prior: float = 5.0
    half_life: int = 180


@dataclass(frozen=True, slots=True)
class ContributionRule:
    """Points of a dimension with which its tag comes, and below which it goes."""

    on: float = 10.0
    off: float = 5.0


@dataclass(frozen=True, slots=True)
class Tagging:
    """All of it. ``never`` are words of the house beside the ``SENSITIVE`` ones."""

    values: Mapping[str, Value] = field(default_factory=dict)
    interests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contribution: Mapping[Dimension, str] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    interest: InterestRule = InterestRule()
    value: ValueRule = ValueRule()
    standing: ContributionRule = ContributionRule()

    @property
    def dimensions(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of each."""
        return {
            VALUES: (*self.values,),
            INTERESTS: (*self.interests,),
            CONTRIBUTION: (*self.contribution.values(),),
            OWN: self.own,
        }

    @property
    def keys(self) -> dict[str, str]:
        """The dimension of each key."""
        return {key: dimension for dimension, keys in self.dimensions.items() for key in keys}

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words of each key that has any."""
        of_values = {key: it.words for key, it in self.values.items()}
        return {key: words for key, words in {**of_values, **self.interests}.items() if words}

    def acted(self, rule: str, programme_id: str | None) -> Iterator[str]:
        """The values that an act speaks for which ``rule`` rewarded in a SOP."""
        return (key for key, it in self.values.items() if rule in it.acts or programme_id in it.acts)

    @property
    def stop_list(self) -> Iterator[str]:
        for words in SENSITIVE.values():
            yield from words
        yield from self.never

    def sensitive(self, text: str) -> str | None:
        """The word in ``text`` that forbids it to be a tag."""
        return next((word for word in self.stop_list if word in text), None)
