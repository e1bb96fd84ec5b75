"""Write the golden updates: update_NAME.bin is a row of `u32 length, update`, update_vectors.json says what they show.

Run it only when a format changes on purpose: `python tests/vectors/update_make.py [NAME...]`. Digests are those of the
encoder, of the exact tiles: the pixels of video hang on the version of the colour conversion.
"""

import json
import struct
import sys
from pathlib import Path

VECTORS = Path(__file__).parent
sys.path.insert(0, str(VECTORS.parent / "codec"))

from codec_scenes import frames, gradient, noise, resting, scroll, text, typing, whole  # noqa: E402

from fanlight.codec import open_encoder  # noqa: E402
from fanlight.types import Frame, Rect  # noqa: E402

SIZE = (150, 100)


def slides(size):
    """Show one picture for each way that a tile can be coded."""
    for image in (text(size), gradient(size), noise(size, 3)):
        yield image, whole(size)


def film(size):
    """Show noise for long enough to open the video lane."""
    yield text(size), whole(size)
    for seed in range(6):
        yield noise(size, seed), whole(size)


def film_and_rest(size):
    """Show film, then let it rest until it is exact."""
    timed = frames(film(size))
    return [*timed, resting(timed[-1]), resting(timed[-1])]


def film_beside_text(size):
    """Show film in a part of a page in which letters appear, then let it rest until all is exact."""
    page, place = text(size), Rect(70, 70, 180, 110)
    timed = [Frame(page, whole(size), 100.0, 100.0)]
    for number in range(1, 5):
        page = page.copy()
        page[70:180, 70:250] = noise((180, 110), number)
        letter = Rect(20 + 10 * number, 230, 8, 10)
        page[230:240, letter.x : letter.x + 8, :3] = 9
        # As if the link had taken so long to take the one before.
        timed.append(Frame(page, (place, letter), 99.0 + number, 100.0 + number))
    return timed + [resting(timed[-1])] * 3


SEQUENCES = {
    "tiles_typing": ("tiles", lambda: frames(typing(SIZE))[:3]),
    "tiles_scroll": ("tiles", lambda: frames(scroll(SIZE))[:4]),
    "tiles_slides": ("tiles", lambda: frames(slides(SIZE))),
    "tiles_pages_take_turns": ("tiles", lambda: frames([*slides(SIZE)] * 3)),
    "hybrid_typing": ("hybrid", lambda: frames(typing(SIZE))[:3]),
    "hybrid_film_rest": ("hybrid", lambda: film_and_rest((160, 140))),
    "hybrid_region_beside_text": ("hybrid", lambda: film_beside_text((333, 250))),
}


def write(name, codec, timed):
    """Encode one sequence; write its file and return its entry."""
    encoder = open_encoder(codec, timed[0].size)
    updates, digests = [], []
    for frame in timed:
        update = encoder.encode(frame)
        if update:
            updates.append(struct.pack("<I", len(update)) + update)
            digests.append(None if encoder.digest is None else f"{encoder.digest:016x}")
    (VECTORS / f"update_{name}.bin").write_bytes(b"".join(updates))
    return {"codec": codec, "size": list(encoder.size), "digests": digests}


if __name__ == "__main__":
    table = VECTORS / "update_vectors.json"
    entries = json.loads(table.read_text())
    for name in sys.argv[1:] or SEQUENCES:
        codec, make = SEQUENCES[name]
        entries[name] = write(name, codec, make())
    table.write_text(json.dumps(entries, indent=1) + "\n")
