"""One encoder at one rate point on one scene: every frame is encoded first, then every update decoded and judged."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fanlight.codec import Decoder, Encoder, Update, open_decoder, open_encoder
from fanlight.errors import CodecError, EncoderError
from fanlight.types import Size
from fanlight_bench.encoders import scene as scenes
from fanlight_bench.encoders.judge import Judge
from fanlight_bench.encoders.scene import Scene, Source
from fanlight_bench.plan import Settings, Unavailable, size_text
from fanlight_bench.results import Figure

# About what a million pixels cost besides being encoded: drawn and judged in the first turn, decoded in all.
_JUDGED_MS = 16.0


@dataclass
class EncoderCase:
    """A case of the benchmark; it can be sent to another machine, where source and codecs are imported by name.

    `cost` is the estimate of the encoder's ms for a million pixels. `settings` are size and length of the scene,
    and the encoder's options. Time and bytes are stated for a frame that shows something new; what the encoder did
    while the scene rested counts towards them.
    """

    system: str
    workload: str
    encoder: str
    size: Size
    count: int
    options: Settings = field(default_factory=dict)
    cost: float = 5.0
    source: Source = scenes.from_workloads
    open_encoder: Callable[..., Encoder] = open_encoder
    open_decoder: Callable[[str, Size], Decoder] = open_decoder
    _judged: bool = field(default=False, init=False)

    @property
    def settings(self) -> Settings:
        """What it is measured with."""
        return {"size": size_text(self.size), "frames": self.count, **self.options}

    @property
    def seconds(self) -> float:
        """About how long one turn takes."""
        width, height = self.size
        return self.count * width * height * (self.cost + _JUDGED_MS) / 1e9

    def measure(self) -> dict[str, Figure]:
        """Encode the scene and decode it; the first turn also judges the pictures, which no turn changes."""
        scene = scenes.load(self.source, self.workload, self.size, self.count)
        try:
            updates, figures = self._encode(scene)
            figures |= self._decode(scene, updates)
        except EncoderError as error:
            raise Unavailable(str(error)) from error
        except CodecError as error:
            raise Unavailable(f"its own decoder refused an update: {error}") from error
        self._judged = True
        return figures

    def _encode(self, scene: Scene) -> tuple[list[Update], dict[str, Figure]]:
        updates, times = [], []
        frames = scene.frames
        with self.open_encoder(self.encoder, self.size, **self.options) as encoder:
            # The processor time of all threads, so what an encoder does beside the caller is counted too.
            cpu = time.process_time()
            for frame in frames:
                started = time.perf_counter()
                update = encoder.encode(frame)
                times.append(time.perf_counter() - started)
                updates.append(update)
            cpu = time.process_time() - cpu
        return updates, {
            "encode_p50": Figure((_percentile(scene, times, 50),), "ms"),
            "encode_p99": Figure((_percentile(scene, times, 99),), "ms"),
            "cpu": Figure((1e3 * cpu / scene.changes,), "ms"),
            "bytes": Figure((sum(map(len, updates)) / scene.changes,), "B"),
        }

    def _decode(self, scene: Scene, updates: list[Update]) -> dict[str, Figure]:
        judge = None if self._judged else Judge(scene)
        times = []
        with self.open_decoder(self.encoder, self.size) as decoder:
            for number, update in enumerate(updates):
                started = time.perf_counter()
                shown = decoder.decode(update)
                times.append(time.perf_counter() - started)
                if judge and scene.changed[number]:
                    judge.look(number, shown)
        figures = {"decode": Figure((_percentile(scene, times, 50),), "ms")}
        return figures | judge.figures() if judge else figures


def _percentile(scene: Scene, seconds: list[float], percent: float) -> float:
    """Return a percentile in ms of the frames that show something new."""
    return float(np.percentile(np.array(seconds)[list(scene.changed)], percent)) * 1e3
