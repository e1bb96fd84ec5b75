"""The planes that video encoders take, written from the marked tiles of a picture: BT.709, full range.

`native/src/tiles_planes.c` defines every sample.
"""

import numpy as np
from numpy.typing import NDArray

from fanlight._native import lib
from fanlight.errors import UsageError
from fanlight.kernels.native import check, read_picture, read_tiles, write_plane
from fanlight.types import Image, Tiles

Plane = NDArray[np.uint8]


def nv12(image: Image, tiles: Tiles, luma: Plane, chroma: Plane) -> None:
    """Write the marked tiles to the planes of an NV12 frame; a chroma sample is the average of 2 x 2 pixels.

    `luma` is (height, width) with both sides rounded up to even, `chroma`, Cb and Cr in turns, has half as many rows.
    Where the picture has an odd side, its last column or row stands twice. Rows may lie apart.
    """
    picture = read_picture(image, "image")
    width, height = picture.width + picture.width % 2, picture.height + picture.height % 2
    marks = read_tiles(tiles, picture.size)
    lumas, luma_stride = write_plane(luma, (width, height), "luma")
    chromas, chroma_stride = write_plane(chroma, (width, height // 2), "chroma")
    result = lib.fl_tiles_nv12(
        picture.pixels, picture.stride, *picture.size, marks, lumas, luma_stride, chromas, chroma_stride
    )
    check(result, "writing NV12")


def yuv444(image: Image, tiles: Tiles, planes: tuple[Plane, Plane, Plane]) -> None:
    """Write the marked tiles to the planes Y, Cb and Cr of a 4:4:4 frame, each of the picture's size and one stride."""
    picture = read_picture(image, "image")
    marks = read_tiles(tiles, picture.size)
    y, cb, cr = (write_plane(plane, picture.size, name) for plane, name in zip(planes, ("Y", "Cb", "Cr"), strict=True))
    if not y[1] == cb[1] == cr[1]:
        raise UsageError(f"the planes must have one stride, not {y[1]}, {cb[1]} and {cr[1]}")
    result = lib.fl_tiles_yuv444(picture.pixels, picture.stride, *picture.size, marks, y[0], cb[0], cr[0], y[1])
    check(result, "writing 4:4:4")
