"""One whole picture as tiles, beside PNG: bytes, and the CPU time of all threads, as if there were one core."""

import statistics
import time
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from fanlight.codec import Update, open_decoder, open_encoder
from fanlight.codec.packing import Packer, Unpacker
from fanlight.types import Frame, Image, Rect, Size
from fanlight_bench import workloads
from fanlight_bench.core.task import Figures, Task, once

LEVEL = 6
PREDICTIONS = ("none", "mixed")
"""FFmpeg's PNG without filters, and with those that promise least a line. Each picture is held to the smaller."""

_PNGS = 3


class Png:
    """FFmpeg's PNG encoder at zlib level 6."""

    def __init__(self, image: Image, prediction: str) -> None:
        self._frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:, :, 2::-1]), format="rgb24")
        self._encoder = VideoCodecContext.create("png", "w")
        self._encoder.width, self._encoder.height = self._frame.width, self._frame.height
        self._encoder.pix_fmt = "rgb24"
        self._encoder.framerate = Fraction(1)
        self._encoder.thread_count = 1
        self._encoder.options = {"compression_level": str(LEVEL), "pred": prediction}

    def encode(self) -> int:
        """Encode the picture, which is RGB already; return how many bytes that gives."""
        return sum(packet.size for packet in self._encoder.encode(self._frame))


class Runs:
    """The CPU seconds of each way, in the order they were taken, and the bytes it gave."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.bytes: dict[str, int] = {}

    def time(self, name: str, work: Callable[[], int]) -> None:
        """Do it once more."""
        began = time.process_time()
        self.bytes[name] = work()
        self.seconds.setdefault(name, []).append(time.process_time() - began)

    def middle(self, name: str) -> float:
        """Return the middle of the seconds."""
        return statistics.median(self.seconds[name])


def measure(task: Task) -> Figures:
    """Code the first picture of the workload, which no encoder and no decoder has seen before."""
    size = task.sizes[0]
    image = next(workloads.frames(task.workload, size, 1)).copy()
    pngs = {f"png {prediction}": Png(image, prediction) for prediction in PREDICTIONS}
    copy = np.zeros_like(image)
    runs = Runs()
    for turn in range(task.samples):
        _tiles(image, runs)
        runs.time("memcpy", lambda: _copied(image, copy))
        for name, png in pngs.items():
            if turn < _PNGS:
                runs.time(name, png.encode)
    return figures(runs, size)


def _tiles(image: Image, runs: Runs) -> None:
    """Encode and decode all of a picture once, and compress its stream, in memory that was written to before."""
    size = image.shape[1], image.shape[0]
    whole = (Rect(0, 0, *size),)
    made = Update()
    packer = Packer()
    # An encoder holds on to the last picture, so this one is not to go while the next is timed.
    noise = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)

    def encode(picture: Image) -> int:
        nonlocal made
        encoder.refresh()
        made = encoder.encode(Frame(picture, whole, 0.0, 0.0))
        return len(made)

    def decode() -> int:
        return decoder.decode(made).nbytes

    with open_encoder("tiles", size) as encoder, open_decoder("tiles", size) as decoder:
        encode(noise)
        decode()
        # Megabytes of what it made go back to the system here, not while the picture is encoded.
        made = Update()
        runs.time("encode", lambda: encode(image))
        runs.time("decode", decode)
        stream = Unpacker(4 * image.size).unpack(memoryview(made))
        runs.time("zstd", lambda: len(packer.pack(stream)))


def _copied(image: Image, copy: Image) -> int:
    np.copyto(copy, image)
    return copy.nbytes


def figures(runs: Runs, size: Size) -> Figures:
    """Return what coding costs, beside the one of PNG's ways that gives fewer bytes."""
    pngs = [name for name in runs.bytes if name.startswith("png ")]
    best = min(pngs, key=lambda name: runs.bytes[name])
    megapixels = size[0] * size[1] / 1e6
    found = {
        "encode": once(megapixels / runs.middle("encode"), "Mpx/s", "higher"),
        "decode": once(megapixels / runs.middle("decode"), "Mpx/s", "higher"),
        "memcpy": once(megapixels / runs.middle("memcpy"), "Mpx/s", "higher"),
        "zstd alone": once(megapixels / runs.middle("zstd"), "Mpx/s", "higher"),
        "bytes": once(runs.bytes["encode"], "B"),
    }
    for name in pngs:
        found[f"{name}, bytes"] = once(runs.bytes[name], "B")
        found[f"{name}, encode"] = once(megapixels / runs.middle(name), "Mpx/s", "higher")
    found["bytes to PNG's"] = once(runs.bytes["encode"] / runs.bytes[best], "of PNG")
    found["speed to PNG's"] = once(runs.middle(best) / runs.middle("encode"), "x PNG", "higher")
    floor = runs.middle("memcpy") + runs.middle("zstd")
    found["to copy the picture and compress its stream"] = once(runs.middle(best) / floor, "x PNG", "higher")
    return found
