import contextlib
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanlight.errors import RemoteProtocolError
from fanlight.protocol.framing import FrameReader, pack_header

LIMIT = 1000
FRAMES = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=LIMIT)), max_size=8)


def wire(frames):
    return b"".join(pack_header(kind, len(body)) + body for kind, body in frames)


def drain(reader):
    found = []
    while (frame := reader.next_frame()) is not None:
        found.append((frame.kind, bytes(frame.body)))
        assert frame.header == pack_header(frame.kind, len(frame.body))
    return found


def pieces(data, cuts):
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def test_header_is_length_of_type_and_body_then_type():
    assert pack_header(0x11, 3) == b"\x04\x00\x00\x00\x11"


@given(FRAMES, st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_come_out_the_same_however_they_are_cut(frames, cuts):
    reader, found = FrameReader(lambda kind: LIMIT), []
    for piece in pieces(wire(frames), cuts):
        reader.receive_data(piece)
        found += drain(reader)
    assert found == frames


@given(FRAMES)
def test_frames_come_out_the_same_byte_by_byte(frames):
    reader, found = FrameReader(lambda kind: LIMIT), []
    for byte in wire(frames):
        reader.receive_data(bytes([byte]))
        found += drain(reader)
    assert found == frames


@given(FRAMES, st.integers(1, 10_000))
def test_a_truncated_stream_gives_only_whole_frames(frames, missing):
    data = wire(frames)
    reader = FrameReader(lambda kind: LIMIT)
    reader.receive_data(data[: max(0, len(data) - missing)])
    found = drain(reader)
    assert found == frames[: len(found)]
    assert len(found) < len(frames) or not frames


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_any_bytes_give_frames_or_the_peers_error(chunks):
    reader = FrameReader(lambda kind: LIMIT)
    with contextlib.suppress(RemoteProtocolError):
        for chunk in chunks:
            reader.receive_data(chunk)
            drain(reader)


def test_a_frame_at_its_limit_passes_and_one_byte_more_does_not():
    reader = FrameReader(lambda kind: LIMIT)
    reader.receive_data(pack_header(1, LIMIT) + bytes(LIMIT))
    assert drain(reader) == [(1, bytes(LIMIT))]
    reader.receive_data(pack_header(1, LIMIT + 1))
    with pytest.raises(RemoteProtocolError, match="at most 1000"):
        reader.next_frame()


def test_four_gigabytes_are_refused_from_the_header_alone():
    reader = FrameReader(lambda kind: LIMIT)
    reader.receive_data(b"\xff\xff\xff\xff\x01")
    with pytest.raises(RemoteProtocolError, match="4294967294 bytes"):
        reader.next_frame()


def test_an_empty_frame_is_refused():
    reader = FrameReader(lambda kind: LIMIT)
    reader.receive_data(bytes(5))
    with pytest.raises(RemoteProtocolError, match="length 0"):
        reader.next_frame()


def test_a_header_that_promises_much_takes_no_memory():
    reader = FrameReader(lambda kind: 1 << 31)
    tracemalloc.start()
    try:
        reader.receive_data(pack_header(1, (1 << 31) - 1))
        assert reader.next_frame() is None
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_body_in_one_chunk_is_not_copied():
    body = b"x" * 100_000
    chunk = pack_header(1, len(body)) + body
    reader = FrameReader(lambda kind: 1 << 20)
    reader.receive_data(chunk)
    frame = reader.next_frame()
    assert frame.body.obj is chunk
    assert frame.body.readonly


def test_a_large_body_in_single_bytes_takes_memory_once():
    size = 200_000
    reader = FrameReader(lambda kind: 1 << 20)
    reader.receive_data(pack_header(1, size))
    tracemalloc.start()
    try:
        for number in range(size):
            reader.receive_data(bytes([number % 251]))
            frame = reader.next_frame()
        assert tracemalloc.get_traced_memory()[1] < 3 * size
    finally:
        tracemalloc.stop()
    assert bytes(frame.body) == bytes(number % 251 for number in range(size))


def test_a_buffer_that_is_used_again_does_not_change_what_was_received():
    buffer = bytearray(pack_header(1, 3) + b"abc")
    reader = FrameReader(lambda kind: LIMIT)
    reader.receive_data(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert drain(reader) == [(1, b"abc")]
