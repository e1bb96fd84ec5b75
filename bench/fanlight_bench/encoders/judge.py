"""What a viewer got of a scene: how near each picture was, and which of the frames it showed at the time."""

import numpy as np

from fanlight.types import Image
from fanlight_bench import quality
from fanlight_bench.encoders.scene import Scene, probe
from fanlight_bench.results import Figure

_LOOK_BACK = 8


class Judge:
    """Looks at the viewer's picture after every frame that shows something new, in order.

    It believes pixels only: a picture shows the newest frame that it is nearest to, whatever the encoder said it sent.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen = 0
        self._errors = np.zeros(256, np.int64)
        self._text_errors = np.zeros(256, np.int64)
        self._ssim: list[float] = []
        self._exact = 0
        self._delays: list[int] = []
        self._newest = -1
        self._delivered = 0

    def look(self, number: int, shown: Image) -> None:
        """Judge the picture that was shown when frame `number` had been encoded and the update decoded."""
        self._seen += 1
        wanted = self._scene.images[number]
        counts = quality.error_counts(shown, wanted)
        self._errors += counts
        self._exact += quality.largest_error(counts) == 0
        if (mask := self._scene.samples.get(number)) is not None:
            self._text_errors += quality.masked_error_counts(shown, wanted, mask)
            self._ssim.append(quality.ssim(shown, wanted))
        delay = self._delay(number, shown)
        self._delays.append(delay)
        if number - delay > self._newest:
            self._newest = number - delay
            self._delivered += 1

    def _delay(self, number: int, shown: Image) -> int:
        """Return how many frames ago the scene looked most like this; number + 1 for the black before the first.

        Looked at are the frames since the newest that was shown, and some before it.
        """
        looks = probe(shown)
        oldest = max(-1, min(self._newest, number - _LOOK_BACK))
        # Probe 0 is the black before frame 0.
        candidates = self._scene.probes[oldest + 1 : number + 2][::-1]
        return int(np.argmin([float(np.sum((looks - one) ** 2)) for one in candidates]))

    def figures(self) -> dict[str, Figure]:
        """Return what the pictures came to; figures that a scene without frames or text has not are left out."""
        found = {
            "psnr": Figure((quality.psnr(self._errors),), "dB", "higher"),
            "ssim": Figure((float(np.mean(self._ssim)),), "", "higher"),
            "largest_error": Figure((float(quality.largest_error(self._errors)),), "of 255"),
            "exact": Figure((100 * self._exact / self._seen,), "%", "higher"),
            "delay": Figure((float(np.mean(self._delays)),), "frames"),
            "delivered": Figure((100 * self._delivered / self._seen,), "%", "higher"),
        }
        if self._text_errors.any():
            found["text_psnr"] = Figure((quality.psnr(self._text_errors),), "dB", "higher")
        return found
