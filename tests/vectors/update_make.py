"""Write the golden updates: update_NAME.bin is a row of `u32 length, update`, update_vectors.json says what they show.

Run it only when a format changes on purpose: `python tests/vectors/update_make.py`. Digests are those of the encoder,
so they are null after video, whose pixels hang on the version of the colour conversion.
"""

import json
import struct
import sys
from pathlib import Path

VECTORS = Path(__file__).parent
sys.path.insert(0, str(VECTORS.parent / "codec"))

from codec_scenes import frames, gradient, noise, resting, scroll, text, typing, whole  # noqa: E402

from fanlight.codec import open_encoder  # noqa: E402

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


SEQUENCES = {
    "tiles_typing": ("tiles", lambda: frames(typing(SIZE))[:3]),
    "tiles_scroll": ("tiles", lambda: frames(scroll(SIZE))[:4]),
    "tiles_slides": ("tiles", lambda: frames(slides(SIZE))),
    "tiles_pages_take_turns": ("tiles", lambda: frames([*slides(SIZE)] * 3)),
    "hybrid_typing": ("hybrid", lambda: frames(typing(SIZE))[:3]),
    "hybrid_film_rest": ("hybrid", lambda: film_and_rest((100, 70))),
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
    entries = {name: write(name, codec, make()) for name, (codec, make) in SEQUENCES.items()}
    (VECTORS / "update_vectors.json").write_text(json.dumps(entries, indent=1) + "\n")
