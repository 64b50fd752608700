"""Reads a folder of SOPs whole: all that is good in it, and all that is wrong, in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import getitem
from pathlib import Path
from types import MappingProxyType

from bot.scoring.rules import Scoring
from bot.scoring.tag_rules import Tagging
from bot.sop import audiences as audience_file
from bot.sop import hashtags, shelves, yaml_reader
from bot.sop.audiences import Audiences, Known
from bot.sop.catalog import Catalog, GoneBy, Shelves
from bot.sop.community import Community
from bot.sop.kind import Kind, OnHashtag
from bot.sop.language import Sop
from bot.sop.problems import Loc, Problem, closest
from bot.sop.scoring_file import ScoringFile
from bot.sop.shelves import Shelf
from bot.sop.tags_file import TagsFile
from bot.sop.template_check import TemplateCheck
from bot.sop.templates import Templates
from bot.sop.validation import located, validate
from bot.sop.yaml_reader import Document
from bot.store.log import CORE_NAMES

COMMUNITY, SCORING = "community.yaml", "scoring.yaml"
AUDIENCES, TAGS = "audiences.yaml", "tags.yaml"
NOT_SOPS = (COMMUNITY, SCORING, AUDIENCES, TAGS)
Pause = Callable[[], None]
"""Called between the parts of a reading, so that it can wait where others have to go on."""


def on_and_on() -> None:
    """A pause of nothing."""


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The file that a SOP came from: its text, and the hash that tells versions apart."""

    file: str
    hash: str
    text: str


@dataclass(frozen=True, slots=True)
class SopSet:
    """What a folder says: ``sops`` are the enabled ones by id, ``declared`` those switched off, too.

    ``scoring`` and ``tagging`` are None where their file has mistakes: nobody's level or tags are to move by
    rules that nobody wrote.
    """

    community: Community
    sops: Mapping[str, Sop]
    declared: Mapping[str, Sop]
    source: Mapping[str, LoadedFile]
    kinds: Mapping[str, Kind]
    templates: Templates
    shelves: Mapping[str, Shelf]
    scoring: Scoring | None = field(default_factory=Scoring)
    audiences: Audiences = field(default_factory=Audiences)
    tagging: Tagging | None = field(default_factory=Tagging)
    left_out: tuple[Problem, ...] = ()
    """What is wrong with the files that are not in it."""

    @property
    def known(self) -> Known:
        """What conditions may name."""
        return _known(self.community, self.scoring)

    def kind_of(self, sop: Sop) -> Kind:
        return self.kinds[sop.sop]


@dataclass(frozen=True, slots=True)
class _Good:
    """A SOP that is right in itself."""

    sop: Sop
    document: Document
    source: LoadedFile


@dataclass(frozen=True, slots=True)
class _Read:
    """A file of the folder as it was judged, by what: ``good`` where nothing is wrong with it."""

    document: Document
    good: _Good | None
    problems: tuple[Problem, ...]
    by: GoneBy


@dataclass(frozen=True, slots=True)
class Loaded:
    """The outcome of loading; ``sops`` is None without a sound ``community.yaml``.

    ``catalog`` is what the files were judged by, and ``files`` how: for the next time.
    """

    sops: SopSet | None
    problems: list[Problem]
    catalog: Catalog
    files: Mapping[str, _Read]


class Loader:
    """Reads a folder of SOPs with the wording of another, again and again."""

    def __init__(self, sops: Path, templates: Path, kinds: Mapping[str, Kind]) -> None:
        self.sops, self.templates, self.kinds = sops, templates, kinds
        self._last: Loaded | None = None

    def __call__(self, pause: Pause = on_and_on) -> Loaded:
        self._last = load(self.sops, self.templates, self.kinds, self._last, pause)
        return self._last


def load(
    sops: Path,
    templates: Path,
    kinds: Mapping[str, Kind],
    last: Loaded | None = None,
    pause: Pause = on_and_on,
) -> Loaded:
    """Read the SOPs of a folder with the wording of another; files with mistakes are left out.

    What is as it was at the ``last`` reading is not parsed again, nor judged by what says the same again.
    """
    catalog, problems = _wording(templates, None if last is None else last.catalog)
    pause()
    catalog = replace(catalog, interactions=CORE_NAMES.union(*(kind.names for kind in kinds.values())))
    community, wrong = _community(sops, catalog)
    problems += wrong
    if community is not None:
        catalog = replace(catalog, rooms=community.names(), roles=community.roles)
    scoring, wrong = _scoring(sops, catalog)
    problems += wrong
    path = sops / AUDIENCES
    audiences = audience_file.load(path, _shown(path), _known(community, scoring))
    problems += audiences.problems
    if community is not None:  # else nobody knows which audiences there are
        catalog = replace(catalog, audiences=audiences.names)
    files = _read_all(sops, catalog, kinds, last, pause)
    problems += [problem for it in files.values() for problem in it.problems]
    found = [it.good for it in files.values() if it.good is not None]
    good, wrong = _without_clashes(found, community.rooms if community else (), kinds)
    pause()
    tagging, wrong_tags = _tagging(sops, catalog, {str(it.document.data.get("id")) for it in files.values()})
    problems = sorted({*problems, *wrong, *wrong_tags})
    if community is None:
        return Loaded(None, problems, catalog, files)
    if scoring is not None and audiences.heed_grades:
        scoring = replace(scoring, graded=True)
    made = replace(
        _sop_set(community, good, kinds, catalog),
        scoring=scoring,
        audiences=audiences,
        tagging=tagging,
        left_out=tuple(problems),
    )
    return Loaded(made, problems, catalog, files)


def _wording(folder: Path, last: Catalog | None) -> tuple[Catalog, list[Problem]]:
    """What SOPs may name of templates and shelves; the ``last`` one if all is as it was."""
    found, problems = shelves.load(folder)
    templates, present = Templates(folder), frozenset(folder.rglob("*"))
    now = Catalog(templates, Shelves(found), TemplateCheck(templates, found), present)
    if last is None or not last.reads_as(now):
        return now, problems
    return replace(last, rooms=None, roles=None, audiences=None), problems


def _sop_set(community: Community, good: list[_Good], kinds: Mapping[str, Kind], catalog: Catalog) -> SopSet:
    declared = {it.sop.id: it.sop for it in good}
    return SopSet(
        community,
        MappingProxyType({id: sop for id, sop in declared.items() if sop.enabled}),
        MappingProxyType(declared),
        MappingProxyType({it.sop.id: it.source for it in good}),
        kinds,
        catalog.templates,
        MappingProxyType(dict(catalog.shelves)),
    )


def _loaded_file(document: Document) -> LoadedFile:
    return LoadedFile(document.file, hashlib.sha256(document.text.encode()).hexdigest(), document.text)


def _known(community: Community | None, scoring: Scoring | None) -> Known:
    rooms = None if community is None else community.names()
    return Known(rooms, None if scoring is None else tuple(level.name for level in scoring.levels))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _community(sops: Path, catalog: Catalog) -> tuple[Community | None, list[Problem]]:
    path = sops / COMMUNITY
    if not path.is_file():
        return None, [Problem(_shown(path), 1, 1, "", f"缺少 {COMMUNITY}：它写明社群的名字、宗旨和群")]
    document = yaml_reader.read(path, _shown(path))
    if document.is_lost:
        return None, list(document.problems)
    document.data.setdefault("privacy", {})  # so that its default template is looked for, too
    community, wrong = validate(Community, document, catalog)
    problems = [*document.problems, *wrong]
    return (None if problems else community), problems


def _scoring(sops: Path, catalog: Catalog) -> tuple[Scoring | None, list[Problem]]:
    path = sops / SCORING
    if not path.is_file():
        return Scoring(), []
    document = yaml_reader.read(path, _shown(path))
    if document.is_lost:
        return None, list(document.problems)
    read, wrong = validate(ScoringFile, document, catalog)
    problems = [*document.problems, *wrong]
    return (None if problems or read is None else read.rules()), problems


def _tagging(sops: Path, catalog: Catalog, ids: set[str]) -> tuple[Tagging | None, list[Problem]]:
    """``ids`` are those of all SOPs, sound or not."""
    path = sops / TAGS
    if not path.is_file():
        return Tagging(), []
    document = yaml_reader.read(path, _shown(path))
    if document.is_lost:
        return None, list(document.problems)
    read, wrong = validate(TagsFile, document, catalog)
    problems = [*document.problems, *wrong]
    if read is not None:
        problems += located(read.unknown_acts(ids.union(catalog.interactions or ())), document)
    return (None if problems or read is None else read.rules()), problems


def _read_all(
    sops: Path, catalog: Catalog, kinds: Mapping[str, Kind], last: Loaded | None, pause: Pause
) -> dict[str, _Read]:
    before = {} if last is None else last.files
    same_names = last is not None and last.catalog.names_as(catalog)
    found: dict[str, _Read] = {}
    for path in _sop_files(sops):
        pause()
        name = _shown(path)
        known = before.get(name)
        document = yaml_reader.read(path, name, None if known is None else known.document)
        if (
            known is None
            or known.document is not document
            or not same_names
            or not catalog.still_says(known.by)
        ):
            known = _judge(document, catalog, kinds)
        found[name] = known
    return found


def _judge(document: Document, catalog: Catalog, kinds: Mapping[str, Kind]) -> _Read:
    catalog.begin()
    sop, wrong = _sop(document, catalog, kinds)
    problems = (*document.problems, *wrong)
    good = None if sop is None or problems else _Good(sop, document, _loaded_file(document))
    return _Read(document, good, problems, catalog.gone_by())


def _sop_files(sops: Path) -> list[Path]:
    return sorted(
        path for path in sops.glob("[!.]*") if path.suffix in (".yaml", ".yml") and path.name not in NOT_SOPS
    )


def _sop(document: Document, catalog: Catalog, kinds: Mapping[str, Kind]) -> tuple[Sop | None, list[Problem]]:
    if document.is_lost:
        return None, []
    name = document.data.get("sop")
    if name is None:
        names = "、".join(kinds)
        return None, [document.problem(("sop",), f"缺少 sop：写明是哪一种，有 {names}")]
    if not isinstance(name, str) or name not in kinds:
        return None, [document.problem(("sop",), f"没有“{name}”这种 SOP", closest(str(name), kinds))]
    sop, problems = validate(kinds[name].model, document, catalog)
    if sop is not None:
        problems += located(sop.check(catalog), document)
    return sop, problems


def _without_clashes(
    read: list[_Good], rooms: Sequence[str], kinds: Mapping[str, Kind]
) -> tuple[list[_Good], list[Problem]]:
    """Those that get on with the ones before them; the others have an id or a hashtag that is taken."""
    good: list[_Good] = []
    problems: list[Problem] = []
    taken: dict[tuple[str, str], str] = {}
    for it in read:
        claims = list(_claims(it, rooms, kinds[it.sop.sop]))
        clashing = [claim for claim in claims if claim.key in taken]
        clashes = {_place_of(claim.tag, it.document): claim for claim in reversed(clashing)}
        problems += [
            it.document.problem(loc, f"{claim.what}已经有了，在 {taken[claim.key]} 里", claim.suggestion)
            for loc, claim in clashes.items()
        ]
        if not clashes:
            good.append(it)
            taken |= {claim.key: it.document.file for claim in claims}
    return good, problems


@dataclass(frozen=True, slots=True)
class _Claim:
    """What only one SOP may have: its id, or a ``tag`` in a room; ``what`` names it to operators."""

    key: tuple[str, str]
    what: str
    suggestion: str
    tag: str = ""


def _claims(it: _Good, rooms: Sequence[str], kind: Kind) -> Iterator[_Claim]:
    yield _Claim(("id", it.sop.id), f"编号 {it.sop.id} ", f"{it.sop.id}-2")
    if not it.sop.enabled:
        return
    tags = [tag for on in kind.behaviours if isinstance(on, OnHashtag) for tag in on.tags(it.sop)]
    for tag in tags:
        for room in rooms if it.sop.rooms is None else it.sop.rooms:
            yield _Claim((tag, room), f"群 {room} 里的话题 #{tag} ", "换一个话题，或者换一个群", tag)


def _place_of(tag: str, document: Document) -> Loc:
    """Where a SOP names one of its tags, beside the keys that every SOP has; none: its id."""
    if not tag:
        return ("id",)
    own = [loc for loc in document.values if loc and loc[0] not in Sop.model_fields]
    said = {loc: reduce(getitem, loc, document.data) for loc in own}  # type: ignore[arg-type]
    return next(
        (loc for loc, it in said.items() if isinstance(it, str) and hashtags.normalize(it) == tag), ()
    )
