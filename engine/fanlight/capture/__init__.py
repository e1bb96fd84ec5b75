"""Where frames come from: X11 by damage, mss by polling, a test pattern; and displays of our own."""

from fanlight.capture.base import Capture
from fanlight.capture.factory import BACKENDS, open_capture
from fanlight.kernels.x11 import monitors

__all__ = ["BACKENDS", "Capture", "monitors", "open_capture"]
