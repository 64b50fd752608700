"""The JSON Schemas by which editors complete and check SOP files while they are typed.

They know the keys, the types and the choices; what exists (rooms, templates, shelves) and what goes together
is for ``bot check``. A field that is read in several forms (``3条`` for 3) may have any of them here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bot.sop.audiences import AudienceFile
from bot.sop.community import Community
from bot.sop.kind import Kind
from bot.sop.scoring_file import ScoringFile
from bot.sop.tags_file import TagsFile

FOLDER = "schema"
"""Inside the folder of the SOPs."""
_DIALECT = "http://json-schema.org/draft-07/schema#"
_FORMS: list[JsonSchemaValue] = [{"type": "string"}, {"type": "array"}, {"type": "object"}]


class _Forms(GenerateJsonSchema):
    """Fields that are brought into form before they are checked may be written in others."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        return {"anyOf": [super().function_before_schema(schema), *_FORMS]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without the default, which is written as Python has it, and is told by the handbook."""
        return self.generate_inner(schema["schema"])


def files(kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    """The files to be kept in ``FOLDER``: name and content."""
    yield "sop.json", _written(sop_schema(kinds))
    yield "community.json", _written({"$schema": _DIALECT, **_of(Community, "")})
    yield "audiences.json", _written({"$schema": _DIALECT, **_of(AudienceFile, "")})
    yield "scoring.json", _written({"$schema": _DIALECT, **_of(ScoringFile, "")})
    yield "tags.json", _written({"$schema": _DIALECT, **_of(TagsFile, "")})


def sop_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """What a SOP file may say: ``sop`` names the kind, and the rest is as that kind has it."""
    parts = {name: _of(kind.model, name) for name, kind in kinds.items()}
    definitions = {name: it for part in parts.values() for name, it in part.pop("$defs", {}).items()}
    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": {"sop": {"enum": list(kinds)}},
        "required": ["sop"],
        "allOf": [
            {"if": {"properties": {"sop": {"const": name}}, "required": ["sop"]}, "then": part}
            for name, part in parts.items()
        ],
        "$defs": definitions,
    }


def _of(model: type[BaseModel], kind: str) -> dict[str, Any]:
    template = f"#/$defs/{kind}.{{model}}" if kind else "#/$defs/{model}"
    found = model.model_json_schema(ref_template=template, schema_generator=_Forms)
    if kind:
        found["$defs"] = {f"{kind}.{name}": it for name, it in found.get("$defs", {}).items()}
    plain = _without_english(found)
    assert isinstance(plain, dict)
    return plain


def _without_english(it: Any) -> Any:
    """Titles and descriptions are the code's, for those who read code."""
    if isinstance(it, list):
        return [_without_english(part) for part in it]
    if not isinstance(it, dict):
        return it
    kept = {
        key: part
        for key, part in it.items()
        if not (key in ("title", "description") and isinstance(part, str))
    }
    return {key: _without_english(part) for key, part in kept.items()}


def _written(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def write(folder: Path, kinds: Mapping[str, Kind]) -> list[Path]:
    """Write the schemas beside the SOPs in ``folder``; gives the files."""
    (folder / FOLDER).mkdir(exist_ok=True)
    written = []
    for name, content in files(kinds):
        path = folder / FOLDER / name
        path.write_text(content, encoding="utf-8")
        written.append(path)
    return written
