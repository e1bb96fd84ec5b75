"""Which line of a TOML file says what. `tomllib` is the only parser; this only cuts the file into its statements.

Every statement of TOML (a header, or a key with its value) is a document by itself, and no beginning of one that ends
with a line is: a value that goes on over lines is inside a bracket or quotes until its end. So the lines that make the
shortest document are one statement.
"""

import tomllib
from collections.abc import Mapping
from typing import Any, TypeAlias

from fanlight.errors import SettingRefused

Path: TypeAlias = tuple[str | int, ...]
"""How to get to a value: names of keys, and places in arrays of tables."""

MAX_FILE = 64 * 1024
_MOST_LINES = 4096
# A dotted key is on one line, and the parser takes the square of its length.
_MOST_LETTERS = 1000
_MOST_LINES_OF_ONE = 200


def read_toml(raw: bytes) -> tuple[dict[str, Any], dict[Path, int]]:
    """Return a document, and the line (from 1) of each table and key in it; SettingRefused when it is no TOML."""
    if len(raw) > MAX_FILE:
        raise SettingRefused(f"the policy is larger than {MAX_FILE} bytes")
    try:
        text = raw.decode("utf-8")
        _check_lines(text)
        return tomllib.loads(text), _lines(text)
    except UnicodeDecodeError as error:
        raise SettingRefused("the policy is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingRefused(f"the policy is not TOML: {error}") from error
    except RecursionError as error:
        raise SettingRefused("the policy is nested too deeply") from error


def line_of(lines: Mapping[Path, int], *path: str | int) -> int | None:
    """Return the line of a part of a document, or of the innermost one around it that has a line."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _check_lines(text: str) -> None:
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        raise SettingRefused(f"the policy has more than {_MOST_LINES} lines")
    long = next((number for number, line in enumerate(lines, 1) if len(line) > _MOST_LETTERS), None)
    if long is not None:
        raise SettingRefused(f"line {long} has more than {_MOST_LETTERS} characters")


def _lines(text: str) -> dict[Path, int]:
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        values = tomllib.loads(statement)
        if not statement.lstrip().startswith("["):
            for path in _leaves(values, table):
                found.setdefault(path, number)
            continue
        table, is_array = _header(values, counts)
        if is_array:
            counts[table] = counts.get(table, -1) + 1
            table = (*table, counts[table])
        found.setdefault(table, number)
    return found


def _statements(text: str) -> list[tuple[int, str]]:
    """Return each statement and its first line, comments and empty lines too; the whole text is known to be valid."""
    lines = text.replace("\r\n", "\n").split("\n")
    statements = []
    start = 0
    while start < len(lines):
        end = start + 1
        while not _is_whole(statement := "\n".join(lines[start:end])):
            end += 1
            if end - start > _MOST_LINES_OF_ONE:
                raise SettingRefused(f"the value in line {start + 1} has more than {_MOST_LINES_OF_ONE} lines")
        statements.append((start + 1, statement))
        start = end
    return statements


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _header(values: dict[str, Any], counts: dict[Path, int]) -> tuple[Path, bool]:
    """Return the table that a header opens, with places in the arrays above it, and whether it is one of an array."""
    path: Path = ()
    inner: Any = values
    while inner:
        name, inner = next(iter(inner.items()))
        path = (*path, name)
        if isinstance(inner, list):
            return path, True
        if path in counts and inner:
            path = (*path, counts[path])
    return path, False


def _leaves(values: dict[str, Any], table: Path) -> list[Path]:
    """Return the paths of a statement's key, and of all dotted or inline keys in it."""
    found: list[Path] = []
    for name, value in values.items():
        path = (*table, name)
        found.append(path)
        if isinstance(value, dict):
            found += _leaves(value, path)
        elif isinstance(value, list):
            for place, each in enumerate(value):
                found.append((*path, place))
                found += _leaves(each, (*path, place)) if isinstance(each, dict) else []
    return found
