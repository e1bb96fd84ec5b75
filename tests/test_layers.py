"""The layer rule of docs/architecture.md, held over the syntax trees of all modules."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ENGINE = Path(__file__).parents[1] / "engine"

LAYERS = {
    "errors": 0,
    "types": 1,
    "kernels": 2,
    "capture": 3,
    "codec": 3,
    "inject": 3,
    "protocol": 3,
    "access": 3,
    "channels": 3,
    "session": 4,
    "host": 5,
    "net": 6,
    "config": 7,
    "client": 8,
    "viewer": 9,
    "dialog": 10,
    "cli": 11,
}

# These two hold no code of their own: the package's public names, and `python -m fanlight`.
FACADES = {"fanlight", "fanlight.__main__"}

# What may be used only in these modules, whole packages or single ones. A name with a dot is an attribute of a module.
HOMES = {
    "fanlight._native": {"kernels"},
    # The window wakes itself by a pair of sockets; the supervisor asks whether a display still answers.
    "socket": {"net", "viewer", "capture.virtual_supervisor"},
    "asyncio": {"net", "client", "viewer", "cli"},
    "ssl": {"net", "client"},
    # SVT-AV1 may lock itself up, and is called where it can be left behind.
    "threading": {"kernels.x11", "capture", "codec.patience", "net", "client", "viewer", "dialog"},
    "time": {"kernels.x11", "capture", "net", "client", "viewer", "dialog", "cli"},  # Capture stamps frames.
    "datetime.datetime.now": {"net", "config", "client", "cli"},
    "datetime.datetime.utcnow": set(),
    # SDL and SVT-AV1 take settings from the environment; the supervisor is a program of its own that hands it on.
    "os.environ": {"config", "viewer", "codec.video", "capture.virtual_supervisor"},
    "os.getenv": {"config"},
    "subprocess": {"capture.virtual", "cli"},
    "av": {"codec", "viewer.png"},
    "mss": {"capture"},
    "pygame": {"viewer", "dialog"},
    "click": {"cli"},
    # The benchmarks stand above everything; one command opens them.
    "fanlight_bench": {"cli.bench"},
    "distributed": set(),
    "matplotlib": set(),
    "prometheus_client": {"net.metrics"},
    "zstandard": {"codec"},
    "uvloop": {"net.loop"},
    "sqlite3": {"access"},
    "pyotp": {"access.totp"},
    "zxcvbn": {"access.strength"},
    "segno": {"cli.access_totp"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ENGINE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Import(NamedTuple):
    """An import of `name`, after which `local` stands for `target`."""

    line: int
    name: str
    local: str
    target: str


def imports(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                target = alias.name if alias.asname else alias.name.partition(".")[0]
                yield Import(node.lineno, alias.name, alias.asname or target, target)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                yield Import(node.lineno, name, alias.asname or alias.name, name)


def attributes(tree: ast.AST, targets: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every attribute that is taken from an imported name."""
    for node in ast.walk(tree):
        path: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            path.insert(0, inner.attr)
            inner = inner.value
        if isinstance(node, ast.Attribute) and isinstance(inner, ast.Name) and inner.id in targets:
            yield node.lineno, ".".join([targets[inner.id], *path])


def starts_with(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def layer_fault(module: str, name: str) -> str | None:
    """Say what is wrong with `module` importing `name`, or return None."""
    if name.startswith("."):
        return f"{name} is a relative import; layers are named in full"
    if not starts_with(name, "fanlight") or starts_with(name, "fanlight._native"):
        return None
    here, there = module.split(".")[1], name.split(".")[1:2]
    if not there or there[0] not in LAYERS:
        return f"{name} is in no layer"
    if here != there[0] and LAYERS[there[0]] >= LAYERS[here]:
        return f"{name} is in layer {LAYERS[there[0]]}, {here} in {LAYERS[here]}"
    return None


def home_fault(module: str, name: str) -> str | None:
    """Say what is wrong with `module` using `name`, or return None."""
    inside = module.partition(".")[2]
    for thing, homes in HOMES.items():
        if starts_with(name, thing) and not any(starts_with(inside, home) for home in homes):
            return f"{name} is used outside of {sorted(homes) or 'nowhere'}"
    return None


def faults(module: str, source: str) -> list[str]:
    """List the rules that one module breaks."""
    if module in FACADES:
        return []
    if module.split(".")[1] not in LAYERS:
        return [f"{module} is in no layer"]
    tree = ast.parse(source)
    found = list(imports(tree))
    said = [(each.line, layer_fault(module, each.name) or home_fault(module, each.name)) for each in found]
    targets = {each.local: each.target for each in found}
    said += [(line, home_fault(module, name)) for line, name in attributes(tree, targets)]
    return sorted({f"{module}:{line}: {fault}" for line, fault in said if fault})


def test_no_module_breaks_a_layer() -> None:
    broken = [
        fault
        for path in sorted((ENGINE / "fanlight").rglob("*.py"))
        for fault in faults(module_name(path), path.read_text(encoding="utf-8"))
    ]
    assert not broken, "\n".join(broken)


def test_every_layer_is_looked_at() -> None:
    seen = {module_name(path).split(".")[1] for path in (ENGINE / "fanlight").glob("*/*.py")}
    assert {"kernels", "capture", "codec", "session", "net", "cli"} <= seen


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("fanlight.codec.tiles", "from fanlight.capture import Capture", "layer 3"),
        ("fanlight.codec.tiles", "import fanlight.net.server", "layer 6"),
        ("fanlight.codec.tiles", "def late():\n    from fanlight import host", "layer 5"),
        ("fanlight.codec.tiles", "from ..capture import Capture", "relative"),
        ("fanlight.codec.tiles", "from fanlight import open_capture", "no layer"),
        ("fanlight.codec.tiles", "import fanlight", "no layer"),
        ("fanlight.codec.tiles", "from fanlight._native import lib", "used outside"),
        ("fanlight.types", "from fanlight.kernels import tiles", "layer 2"),
        ("fanlight.helpers", "", "no layer"),
        ("fanlight.protocol.frames", "import socket", "used outside"),
        ("fanlight.session.host_session", "from time import monotonic", "used outside"),
        ("fanlight.session.host_session", "import asyncio.events as e", "used outside"),
        ("fanlight.access.rules", "import datetime as d\nd.datetime.now()", "used outside"),
        ("fanlight.access.rules", "from datetime import datetime\ndatetime.now()", "used outside"),
        ("fanlight.net.server", "import os\nhome = os.environ['HOME']", "used outside"),
        ("fanlight.net.server", "from os import environ", "used outside"),
        ("fanlight.net.server", "import os\nhome = os.getenv('HOME')", "used outside"),
    ],
)
def test_a_broken_rule_is_found(module: str, source: str, why: str) -> None:
    found = faults(module, source)
    assert len(found) >= 1
    assert why in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("fanlight.codec.hybrid", "from fanlight.codec.tiles import Batch\nfrom fanlight.kernels import moves"),
        ("fanlight.kernels.tiles", "from fanlight._native import ffi, lib"),
        ("fanlight.net.server", "import time, socket\nfrom fanlight.session import events\ntime.monotonic()"),
        ("fanlight.config", "import os\nos.environ.get('FANLIGHT_HOME')"),
        ("fanlight.access.rules", "import datetime\ndatetime.datetime.fromtimestamp(0, datetime.UTC)"),
        ("fanlight.access.rules", "import os\nos.open('x', 0)\nself.time.socket"),
        ("fanlight.__main__", "from fanlight.cli import main"),
    ],
)
def test_what_the_rules_allow_is_not_blamed(module: str, source: str) -> None:
    assert faults(module, source) == []
