"""The table of systems: what each is called, how it is set, which process measures it, and whether it is here."""

import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import av

from fanlight.codec.profiles import H264
from fanlight.errors import UsageError
from fanlight_bench.pipeline.account import Task
from fanlight_bench.plan import Unavailable
from fanlight_bench.results import Tool

PIXELFLUX = "pixelflux==2.2.1"
"""What is measured; 2.x has the API that `pixelflux_child` uses."""

LIMITS = ("limit: memcpy", "limit: XShmGetImage")
ENCODER = "limit: libx264 alone"
"""Pictures that are ready are encoded while the workload draws."""
X11GRAB_NV12 = "x11grab + fanlight's NV12 + libx264"
"""What of fanlight's lead is its conversion of colours."""
NOTHING = "limit: nothing captured"
"""The workload alone, which shows what of the X server's CPU time is the workload's."""

_CHILD = "fanlight_bench.pipeline.child"
_PIXELFLUX_CHILD = Path(__file__).with_name("pixelflux_child.py")
_ASK_SECONDS = 30
_X264 = f"x264 {H264.preset}, zerolatency, qp {H264.qp}, 4:2:0"


@dataclass(frozen=True)
class System:
    """A way from the screen to bytes. `command` raises Unavailable where it cannot run; limits need no workload.

    `only_unpaced`: it is measured only where the question is how many whole pictures can be encoded.
    """

    name: str
    command: Callable[[Task], list[str]]
    settings: dict[str, str | int | float] = field(default_factory=dict)
    needs_workload: bool = True
    only_unpaced: bool = False


def _child(system: str, task: Task) -> list[str]:
    return [sys.executable, "-m", _CHILD, system, task.to_json()]


def pixelflux_python() -> Path:
    """Return the Python of pixelflux's environment; Unavailable, with how to install it, where there is none."""
    places = [Path(sys.prefix).parent / ".venv-pixelflux", Path.cwd() / ".venv-pixelflux"]
    for place in places:
        if (place / "bin" / "python").exists() and list(place.glob("lib/python*/site-packages/pixelflux*")):
            return place / "bin" / "python"
    raise Unavailable(
        "pixelflux is not installed: run `./dev bench`, or "
        f"`python3 -m venv .venv-pixelflux && .venv-pixelflux/bin/pip install {PIXELFLUX}`"
    )


def _pixelflux(mode: str, task: Task) -> list[str]:
    return [str(pixelflux_python()), str(_PIXELFLUX_CHILD), mode, task.to_json()]


def _systems() -> tuple[System, ...]:
    ours = {"capture": "x11, XDamage", "digests": "yes"}
    theirs = {"capture": "XShm", "cleanup at rest": "yes"}
    plain = {"video": _X264, "colours": "swscale"}
    return (
        System("fanlight hybrid", functools.partial(_child, "fanlight:hybrid"), {**ours, "video": _X264}),
        System("fanlight tiles", functools.partial(_child, "fanlight:tiles"), {**ours, "zstd": 1}),
        System("fanlight h264", functools.partial(_child, "fanlight:h264"), {**ours, "video": _X264}),
        System("pixelflux h264", functools.partial(_pixelflux, "h264"), {**theirs, "video": "x264, crf 24"}),
        System(
            "pixelflux h264 striped",
            functools.partial(_pixelflux, "h264-striped"),
            {**theirs, "video": "x264, crf 24, stripes"},
        ),
        System("pixelflux jpeg", functools.partial(_pixelflux, "jpeg"), {**theirs, "quality": 85}),
        System("mss + libx264", functools.partial(_child, "plain:mss"), {"capture": "mss", **plain}),
        System("x11grab + libx264", functools.partial(_child, "plain:x11grab"), {"capture": "x11grab", **plain}),
        System(
            X11GRAB_NV12,
            functools.partial(_child, "plain:x11grab-nv12"),
            {"capture": "x11grab", "video": _X264, "colours": "fanlight's kernel"},
            only_unpaced=True,
        ),
        System(ENCODER, functools.partial(_child, "limit:libx264"), {"video": _X264}, only_unpaced=True),
        System(NOTHING, functools.partial(_child, "limit:nothing")),
        System(LIMITS[0], functools.partial(_child, "limit:memcpy"), needs_workload=False),
        System(LIMITS[1], functools.partial(_child, "limit:getimage"), needs_workload=False),
    )


COMPARE = System("limit: two pictures compared", functools.partial(_child, "limit:compare"))
"""What a proof by pixels that a page scrolled takes at least; no way to bytes, so it stands in no table of these."""

SYSTEMS = {system.name: system for system in _systems()}


def find(names: tuple[str, ...]) -> list[System]:
    """Return the systems of these names, all where there are none; UsageError for one that does not exist."""
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown:
        raise UsageError(f'There is no system "{unknown[0]}". There are: {", ".join(SYSTEMS)}.')
    return [SYSTEMS[name] for name in names or SYSTEMS]


def tools() -> list[Tool]:
    """Return what takes part, as far as it is installed."""
    found = [
        Tool("fanlight", version("fanlight"), "one viewer that takes every update at once, digests included"),
        Tool("libx264 in PyAV", version("av"), f"libavcodec {av.library_versions['libavcodec']}; {_X264}"),
        Tool("mss", version("mss"), "XShmGetImage"),
        Tool("Xvfb", _server_version(), "24 bits"),
    ]
    pixelflux = _pixelflux_version()
    return [*found, Tool("pixelflux", pixelflux, "software encoding, as in its documentation")] if pixelflux else found


def _pixelflux_version() -> str | None:
    try:
        python = pixelflux_python()
    except Unavailable:
        return None
    return _said([str(python), "-c", "from importlib.metadata import version; print(version('pixelflux'))"]) or None


def _server_version() -> str:
    """Ask Debian, since Xvfb itself does not say."""
    return _said(["dpkg-query", "--show", "--showformat=${Version}", "xvfb"]) or "unknown"


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
