"""`python -m fanlight_bench.pipeline.child SYSTEM TASK`: measure one system in a process of its own."""

import sys
from collections.abc import Callable

import msgspec

from fanlight.errors import FanlightError
from fanlight_bench.pipeline.account import Task
from fanlight_bench.pipeline.measure import Pipeline, serve


def _ours(codec: str) -> Callable[[Task], Pipeline]:
    from fanlight_bench.pipeline.ours import FanlightPipeline

    return lambda task: FanlightPipeline(task, codec)


def opener(system: str) -> Callable[[Task], Pipeline]:
    """Return what opens a system's pipeline; imports only what that system needs."""
    kind, _, name = system.partition(":")
    if kind == "fanlight":
        return _ours(name)
    if kind == "limit":
        from fanlight_bench.pipeline import floors

        return {
            "memcpy": floors.CopyPipeline,
            "compare": floors.ComparePipeline,
            "getimage": floors.GetImagePipeline,
            "libx264": floors.EncodePipeline,
            "nothing": floors.NothingPipeline,
        }[name]
    from fanlight.codec.profiles import H264
    from fanlight_bench.pipeline import plain

    ways: dict[str, Callable[[Task], Pipeline]] = {
        "mss": plain.MssPipeline,
        "x11grab": plain.X11GrabPipeline,
        "x11grab-nv12": lambda task: plain.X11GrabPipeline(task, H264),
    }
    return ways[name]


def main() -> None:
    """Run as a program; what cannot run says why in its last line on stderr."""
    try:
        serve(opener(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Task))
    except FanlightError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
