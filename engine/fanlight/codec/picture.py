"""The picture that an encoder and its decoder both hold, and the digest that proves they hold the same."""

from fanlight.kernels.shadow import Shadow
from fanlight.types import Image, Size


class Picture(Shadow):
    """A picture, black at first, with its digest; `view` is `image` read-only.

    A decoder writes to `image` and says which tiles by `touch`; an encoder uses `find` and `take`.
    """

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.view: Image = self.image.view()
        self.view.flags.writeable = False
