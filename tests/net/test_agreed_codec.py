"""Which codec a viewer gets: the host's own where it can decode that, else the best that both have, else none."""

from pathlib import Path

import pytest

import fanlight
from fanlight.codec import decoders, open_encoder
from fanlight.errors import EncoderError, FanlightError
from serving import PASSWORD, serving


async def agreed(tmp_path: Path, ours: str) -> str:
    """Return the codec in which a viewer got an exact picture."""
    async with (
        serving(tmp_path / "host", codec=ours) as host,
        fanlight.connect(host.address, home=tmp_path / "viewer", password=PASSWORD, trust=host.fingerprint) as session,
    ):
        async for update in session.updates():
            if session.codec and update.exact:
                return session.codec
    raise AssertionError("no picture came")


@pytest.mark.parametrize("codec", ["hybrid", "hybrid-h264-444", "hybrid-vp9", "hybrid-hevc", "hybrid-av1"])
async def test_the_hosts_codec_is_taken_where_both_have_it(tmp_path: Path, codec: str) -> None:
    if codec not in decoders():
        pytest.skip(f"this machine does not decode {codec}")
    try:
        open_encoder(codec, (64, 64)).close()
    except EncoderError as error:
        pytest.skip(str(error))
    assert await agreed(tmp_path, codec) == codec


async def test_what_the_viewer_cannot_decode_gives_way_to_the_best_that_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fanlight.client.session.decoders", lambda: ("hybrid-of-tomorrow", "tiles", "h264"))
    assert await agreed(tmp_path, "hybrid") == "tiles"


async def test_without_a_codec_in_common_the_session_ends_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fanlight.client.session.decoders", lambda: ("hybrid-of-tomorrow",))
    with pytest.raises(FanlightError, match="no codec that the viewer can decode"):
        await agreed(tmp_path, "hybrid")
