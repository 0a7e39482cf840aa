"""Framed lines: any bytes give a prefix of what was written, and say why it ends."""

from hypothesis import given
from hypothesis import strategies as st

from core.replay.framing import Framed, LossKind, frame, read_frames

TEXTS = st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), max_size=6)


def framed(texts: list[bytes]) -> bytes:
    return b"".join(frame(number, text) for number, text in enumerate(texts))


@given(TEXTS)
def test_what_is_framed_is_read_back(texts: list[bytes]) -> None:
    assert read_frames(framed(texts)) == Framed(texts, None)


@given(TEXTS, st.integers(min_value=0))
def test_a_file_that_was_cut_gives_the_records_before_the_cut(texts: list[bytes], where: int) -> None:
    data = framed(texts)
    cut = where % (len(data) + 1)
    found = read_frames(data[:cut])
    whole = data[:cut].count(b"\n")
    assert list(found.records) == texts[:whole]
    assert (found.loss is None) == (len(framed(texts[:whole])) == cut)
    assert found.loss is None or found.loss.kind is LossKind.TORN


@given(TEXTS.filter(bool), st.integers(min_value=0), st.integers(1, 255))
def test_a_byte_that_was_changed_is_never_taken_for_a_record(texts: list[bytes], where: int, by: int) -> None:
    data = bytearray(framed(texts))
    place = where % len(data)
    data[place] ^= by
    found = read_frames(bytes(data))
    assert list(found.records) == texts[: len(found.records)]
    assert len(found.records) <= bytes(framed(texts))[:place].count(b"\n")
    assert found.loss is not None


@given(st.binary(max_size=200) | st.text(alphabet="0123456789abcdef \n{}", max_size=200).map(str.encode))
def test_any_other_bytes_are_no_records(data: bytes) -> None:
    found = read_frames(data)
    assert not found.records
    assert (found.loss is None) == (not data)


def test_what_a_reader_says_of_each_loss() -> None:
    first, second, third = (frame(number, b"{}") for number in range(3))
    assert read_frames(first + second[:-3]).loss.what == (
        "the end is torn: recovered up to record 0, what was being written then is dropped"
    )
    assert read_frames(first[:-3]).loss.what == (
        "the end is torn: recovered nothing, what was being written then is dropped"
    )
    assert (
        read_frames(first + b"x" + second + third).loss.what == "record 1 is damaged, and what follows it is left out"
    )
    assert read_frames(first + third).loss.what == "record 1 is missing, 2 follows: kept up to record 0"
    assert read_frames(third).loss.what == "record 0 is missing, 2 follows: none is kept"
    assert read_frames(first + second + first).loss.what == "record 0 comes twice: kept up to record 1"
    assert read_frames(first + b"\0" * 40).loss.kind is LossKind.TORN  # as a disk leaves it that lost its power
