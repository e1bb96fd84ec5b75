"""A frame that comes while nobody may have it: it is the capture's last, and the encoder has not seen it."""

from collections.abc import Iterator

import numpy as np
import pytest

from fanlight.capture import Capture, open_capture
from fanlight.capture.virtual import VirtualDisplay
from fanlight.codec import Encoder, open_decoder, open_encoder
from fanlight.net.valve import Valve
from fanlight.types import Frame
from x11_client import X11Client
from x_server import wait_until

SIZE = (320, 240)


class Scene:
    """A screen that stands still, and an encoder that has all of it and takes its frames through a valve."""

    def __init__(self, display: VirtualDisplay, capture: Capture, codec: str) -> None:
        self.painter = X11Client(display.name)
        self.capture, self.valve = capture, Valve(capture)
        self.encoder: Encoder = open_encoder(codec, SIZE)
        self.decoder = open_decoder(codec, SIZE)
        self.decoder.decode(self.encoder.encode(self.next_frame()))

    def next_frame(self) -> Frame:
        frames: list[Frame] = []
        wait_until(lambda: frames.extend(filter(None, [self.capture.next(1.0)])) or frames)
        return frames[0]

    def take(self) -> bytes | None:
        """Let the encoder wait until a frame comes; return what it made of it."""
        before, update = self.capture.last, self.encoder.encode_next(self.valve, 1.0)
        while self.capture.last is before:
            update = self.encoder.encode_next(self.valve, 1.0)
        return update


@pytest.fixture(params=["tiles", "hybrid", "h264"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with VirtualDisplay(SIZE) as display, open_capture(display.name, max_fps=1000) as capture:
        made = Scene(display, capture, request.param)
        yield made
        made.painter.close()


def test_what_came_while_it_was_shut_is_left_to_be_encoded(scene: Scene) -> None:
    scene.valve.open(False)
    scene.painter.fill(0x808080, (10, 20, 30, 40))
    digest = scene.encoder.digest
    assert scene.take() is None
    assert scene.encoder.digest == digest
    frame = scene.valve.last
    assert frame is scene.capture.last
    assert frame is not None
    assert any((rect.x, rect.y) <= (10, 20) for rect in frame.damage)
    scene.decoder.decode(scene.encoder.encode(frame))
    assert np.allclose(scene.decoder.image[20:60, 10:40, :3], 0x80, atol=8)


def test_it_can_be_opened_again(scene: Scene) -> None:
    for whether in (False, True):
        scene.valve.open(whether)
    scene.painter.fill(0x808080, (10, 20, 30, 40))
    update = scene.take()
    assert update
    scene.decoder.decode(update)
    assert np.allclose(scene.decoder.image[20:60, 10:40, :3], 0x80, atol=8)
