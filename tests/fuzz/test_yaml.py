"""Sample files with bytes, lines and values turned about: told with their places, and soon."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.sop.kinds import collect
from bot.sop.loader import load
from bot.sop.problems import Problem
from tests.conftest import ROOT
from tests.fuzz.budget import cases
from tests.fuzz.nasty import ANY_TEXT, SPECIALS

FILES = (
    "sops/community.yaml",
    "sops/dinner-table.yaml",
    "sops/monday-origin.yaml",
    "templates/origin_story.j2",
    "templates/table_receipt.j2",
    "templates/shelves/溯源故事/01-五常稻田.md",
)
KINDS = collect()
ODD = st.binary(max_size=6) | st.sampled_from(
    [
        *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\t", b"&a ", b"*a", b"!!binary ", b"<<: ", b"? "),
        *(b"{{ ", b" }}", b"{% ", b" %}", b"{% include 'table_receipt.j2' %}", b"{%- for x in ", b"|", b">"),
        *(
            b"[" * 60,
            b"- ",
            b": ",
            b"9" * 400,
            b"1e999",
            b"\xe2\x80\xa8",
            b"\xc2\x85",
            b"%",
            b"@",
            b"`",
            b'"',
        ),
        *(b"#", b"'", b"---\n", b"...\n"),
    ]
)
TIMES = st.sampled_from(["周一 12:10", "99999d", "0s", "cron: 0 0 31 2 *", "0001-01-01 到 9999-12-31"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(SPECIALS) | ANY_TEXT | TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

Change = Callable[[bytes], bytes]


def _spliced(at: float, cut: int, new: bytes) -> Change:
    def change(data: bytes) -> bytes:
        place = int(at * len(data))
        return data[:place] + new + data[place + cut :]

    return change


def _line_moved(source: float, target: float) -> Change:
    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        line = lines[int(source * (len(lines) - 1))]
        lines.insert(int(target * len(lines)), line)
        return b"\n".join(lines)

    return change


def _value_changed(at: float, new: Any) -> Change:
    """Another value at some place of the structure."""

    def change(data: bytes) -> bytes:
        try:
            document = yaml.safe_load(data)
            places = list(_places(document))
            owner, key = places[int(at * (len(places) - 1))]
        except (yaml.YAMLError, IndexError, UnicodeDecodeError, ValueError, RecursionError, TypeError):
            return data
        owner[key] = new
        return yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass")

    return change


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


SHARE = st.floats(0, 1)
CHANGES = st.one_of(
    st.builds(_spliced, SHARE, st.integers(0, 30), ODD),
    st.builds(_spliced, SHARE, st.just(0), ODD),
    st.builds(_line_moved, SHARE, SHARE),
    st.builds(_value_changed, SHARE, VALUES),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few of the samples."""
    folder = tmp_path_factory.mktemp("project")
    for name in (*FILES, "templates/privacy_notice.j2"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def is_within(problem: Problem, project: Path) -> bool:
    """Whether an editor can go to where it says."""
    path = project / problem.file
    if not path.exists():
        return problem.line == 1
    text = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    lines.append("")  # the end
    return 1 <= problem.line <= len(lines) and 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@cases(300, soak=100_000)
@given(name=st.sampled_from(FILES), changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_whatever_is_done_to_a_file_its_mistakes_are_told_at_their_places(
    project: Path, name: str, changes: list[Change], round: int
) -> None:
    path, original = project / name, (ROOT / name).read_bytes()
    data = original
    for change in changes:
        data = change(data)
    path.write_bytes(data)
    begin = time.process_time()
    try:
        loaded = load(project / "sops", project / "templates", KINDS)
        assert time.process_time() - begin < 2
        assert [it for it in loaded.problems if not is_within(it, project)] == []
        assert all(str(it).isprintable() for it in loaded.problems)
        assert (loaded.sops is None) <= bool(loaded.problems)
    finally:
        path.write_bytes(original)
