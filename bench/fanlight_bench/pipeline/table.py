"""The figures of the way from the screen to bytes: where each stands among the rows of a run, and what its limit is."""

from fanlight_bench.lines import Line, RatioLine
from fanlight_bench.pipeline.systems import ENCODER, X11GRAB_NV12

HYBRID, H264 = "fanlight hybrid", "fanlight h264"
PIXELFLUX, X11GRAB = "pixelflux h264", "x11grab + libx264"

FILM, FULL = "video-region", "full-change"
UNPACED = "full-change, unpaced"
UNPACED_SYSTEMS = (HYBRID, H264, PIXELFLUX, X11GRAB, X11GRAB_NV12, ENCODER)

LINES: tuple[Line, ...] = (
    RatioLine(
        "video region: CPU an update", FILM, "CPU an update", f"of {PIXELFLUX}", 0.6, system=HYBRID, against=PIXELFLUX
    ),
    RatioLine(
        "full change, unpaced: updates a second",
        UNPACED,
        "updates a second",
        f"of {X11GRAB}",
        1.15,
        "higher",
        system=HYBRID,
        against=X11GRAB,
    ),
)
