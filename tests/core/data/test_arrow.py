"""Arrow files before they are decoded: what their packed buffers claim."""

import io
import struct

import polars as pl
import pytest

from core.data.arrow import ArrowError, check_buffers


def arrow(**options: object) -> bytes:
    file = io.BytesIO()
    columns = {"open": [1.5, None, 2.5] * 50, "symbol": ["A", "B", "A"] * 50}
    frame = pl.DataFrame(columns).with_columns(kind=pl.col("symbol").cast(pl.Categorical))
    frame.write_ipc(file, **options)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_a_sound_file_passes(compression: str) -> None:
    check_buffers(arrow(compression=compression))


def test_a_buffer_that_claims_the_impossible_is_refused() -> None:
    content = arrow(compression="zstd")
    claim = content.index(b"\x28\xb5\x2f\xfd") - 8  # before what zstd has packed
    (said,) = struct.unpack_from("<q", content, claim)
    assert said > 0
    for wrong in (2**60, -2):
        damaged = content[:claim] + struct.pack("<q", wrong) + content[claim + 8 :]
        with pytest.raises(ArrowError, match=r"^it is damaged: a buffer claims more than it can hold$"):
            check_buffers(damaged)


@pytest.mark.parametrize("data", [b"", b"ARROW1", arrow()[:-3], b"x" + arrow()[1:]])
def test_what_is_no_arrow_file_is_refused(data: bytes) -> None:
    with pytest.raises(ArrowError, match=r"^it is no Arrow file, or was cut off$"):
        check_buffers(data)


def test_places_outside_of_the_file_are_refused() -> None:
    with pytest.raises(ArrowError, match=r"^it is damaged: a place is outside of it$"):
        check_buffers(b"ARROW1" + struct.pack("<i", 10**9) + b"ARROW1")


def test_a_list_longer_than_the_file_is_refused() -> None:
    # a table at 4, whose fields stand at 16; its third one is a list of which the length stands at 12
    table = struct.pack("<Ii", 4, -12) + struct.pack("<I", 4) + struct.pack("<I", 10**6)
    fields = struct.pack("<HHHHH", 10, 16, 0, 0, 4)
    footer = table + fields
    with pytest.raises(ArrowError, match=r"^it is damaged: a list is longer than the file$"):
        check_buffers(b"ARROW1" + footer + struct.pack("<i", len(footer)) + b"ARROW1")


def test_a_footer_without_batches_has_nothing_to_check() -> None:
    footer = struct.pack("<Ii", 4, -4) + struct.pack("<HH", 4, 4)  # a table that has no field
    check_buffers(b"ARROW1" + footer + struct.pack("<i", len(footer)) + b"ARROW1")
