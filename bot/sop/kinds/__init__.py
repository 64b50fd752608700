"""The kinds of SOP: one module (or package) each, exporting ``KIND``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType

from bot.errors import ConfigError
from bot.sop.kind import Kind

Kinds = Mapping[str, Kind]


def collect(extra: Path | None = None) -> Kinds:
    """All kinds by name: ours, and those of the modules in the folder ``extra``."""
    found: dict[str, Kind] = {}
    for folder in (Path(__file__).parent, *([extra] if extra else [])):
        for module in _modules(folder):
            kind = _kind(module)
            if kind.name in found:
                raise ConfigError([f"有两个模块都定义了 SOP 种类“{kind.name}”，其中一个在 {folder}"])
            found[kind.name] = kind
    return MappingProxyType(found)


def _modules(folder: Path) -> Iterator[ModuleType]:
    """The modules of a folder, imported as ours: ``bot.sop.kinds.<name>``."""
    if not folder.is_dir():
        raise ConfigError([f"BOT_KINDS 指的文件夹不存在：{folder}"])
    path = str(folder.resolve())
    if path not in __path__:
        __path__.append(path)
    for info in iter_modules([path]):
        try:
            yield import_module(f"{__name__}.{info.name}")
        except Exception as error:
            raise ConfigError(
                [f"SOP 种类 {folder / info.name} 装不上：{type(error).__name__}: {error}"]
            ) from error


def _kind(module: ModuleType) -> Kind:
    kind = getattr(module, "KIND", None)
    if not isinstance(kind, Kind):
        raise ConfigError([f"{module.__file__} 没有导出 KIND = Kind(...)"])
    return kind
