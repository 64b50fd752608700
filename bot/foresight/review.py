"""What ``check`` finds beyond single files: SOPs that get in each other's way, and what is of no use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from datetime import date
from typing import Any, get_args

from jinja2 import TemplateError
from jinja2 import nodes as ast
from pydantic import BaseModel

from bot.foresight.places import Places, texts_in
from bot.lexicon import normalize
from bot.sop.kind import OnWords
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.problems import Finding, Level, Loc, Problem, closest
from bot.sop.templates import Templates
from bot.sop.validation import located


def review(sops: SopSet, today: date, *, whole: bool = True) -> list[Problem]:
    """Everything that can be seen without playing. Where SOPs were left out (not ``whole``), nobody can say
    what is of no use."""
    places = Places(sops)
    found = list(_clashes(sops, places))
    found += [
        places.problem(sop.id, finding, Level.WARNING)
        for sop in sops.sops.values()
        for finding in sop.doubts(sops.community.zone, today)
    ]
    found += _audiences_in_vain(sops, places)
    useless = [*_unknown_tags(sops, places), *_unused(sops)] if whole else []
    return sorted({*found, *useless})


# --- words that several SOPs answer ---


def _clashes(sops: SopSet, places: Places) -> Iterator[Problem]:
    """Words that two SOPs answer in the same room: who takes the message is chance."""
    taken: dict[tuple[str, str], str] = {}
    for sop in sops.sops.values():
        for word in dict.fromkeys(_words(sops, sop)):
            rooms = sops.community.rooms if sop.rooms is None else sop.rooms
            rivals = {other for room in rooms if (other := taken.get((word, room))) is not None}
            place = places.of_text(sop.id, word, normalize) if rivals else None
            if place is not None:
                why = f"“{word}”在同一个群里也是 {places.file_of(min(rivals))} 的，只会有一个去接"
                yield places.problem(sop.id, Finding(place, why, "换一个说法，或者换一个群"), Level.ERROR)
            taken |= {(word, room): sop.id for room in rooms}


def _words(sops: SopSet, sop: Sop) -> Iterator[str]:
    for behaviour in sops.kind_of(sop).behaviours:
        if isinstance(behaviour, OnWords):
            yield from map(normalize, behaviour.words(sop))


# --- tags ---


def _unknown_tags(sops: SopSet, places: Places) -> Iterator[Problem]:
    """Tags that a SOP or an audience goes by and that nobody can ever get."""
    given = {tag for sop in sops.declared.values() for tag in sop.gives_tags()}
    given |= set() if sops.tagging is None else {*sops.tagging.keys}
    for sop in sops.sops.values():
        for tag, loc in sop.heeds_tags():
            if tag not in given:
                yield places.problem(sop.id, _never_given(tag, loc, given, key=True), Level.ERROR)
    if sops.audiences.document is not None:
        unknown = ((loc, tag) for loc, tag in sops.audiences.tags if tag not in given)
        yield from located((_never_given(tag, loc, given) for loc, tag in unknown), sops.audiences.document)


def _never_given(tag: str, loc: Loc, given: Iterable[str], *, key: bool = False) -> Finding:
    return Finding(
        loc,
        f"没有一个 SOP 会打“{tag}”这个标签，tags.yaml 里也没有，这里永远用不上",
        closest(tag, given),
        key=key,
    )


# --- audiences ---


def _audiences_in_vain(sops: SopSet, places: Places) -> Iterator[Problem]:
    """SOPs that name one, and neither turn to nor hear anybody."""
    why = "这个 SOP 只往群里发帖，不听谁说话，也不对着谁说，写人群没有用"
    for sop in sops.sops.values():
        if sop.audience is not None and not sop.for_audience():
            finding = Finding(("audience",), why, "去掉 audience", key=True)
            yield places.problem(sop.id, finding, Level.WARNING)


# --- templates ---


def _unused(sops: SopSet) -> Iterator[Problem]:
    """Templates that no SOP names, and no kind falls back on."""
    models: list[BaseModel] = [sops.community, *sops.declared.values()]
    named = {text for model in models for text in texts_in(model.model_dump())}
    named |= {text for kind in sops.kinds.values() for text in _defaults(kind.model)}
    named |= set() if sops.scoring is None else {*astuple(sops.scoring.said)}
    used = _with_included(sops.templates, named & {*sops.templates.names()})
    for name in sops.templates.names():
        if name not in used:
            yield Problem(
                sops.templates.shown(name),
                1,
                1,
                "",
                "没有哪个 SOP 用到这个模板",
                "用上它，或者删掉",
                Level.WARNING,
            )


def _defaults(model: type[BaseModel]) -> Iterator[str]:
    """Every text that a model and those within it have where nothing is written."""
    for field in model.model_fields.values():
        yield from texts_in(field.default)
        for inner in _models(field.annotation):
            yield from _defaults(inner)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _with_included(templates: Templates, named: Iterable[str]) -> set[str]:
    """These templates and those that they include."""
    used: set[str] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += _included(templates, name)
    return used


def _included(templates: Templates, name: str) -> list[str]:
    try:
        tree = templates.tree(name)
    except (TemplateError, RecursionError, ValueError):  # what is wrong with it was said
        return []
    named: list[ast.Node] = [node.template for node in tree.find_all(ast.Include)]
    named += [node.template for node in tree.find_all(ast.Extends)]
    return [name.value for name in named if isinstance(name, ast.Const)]
