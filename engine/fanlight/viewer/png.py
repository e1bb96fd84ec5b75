"""Pictures to PNG files."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from fanlight.errors import UsageError
from fanlight.types import Image


def save_png(image: Image, path: Path | str) -> None:
    """Write a BGRX picture as an opaque PNG; missing directories are made. UsageError where it cannot be written."""
    rgb = np.ascontiguousarray(image[:, :, 2::-1])
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    encoder = VideoCodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "rgb24"
    encoder.framerate = Fraction(1)
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
