"""Files as tables: what is read from a file, and the one sentence for a file that is no table of bars."""

import gzip
import io
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from core.data.columnar import without_stderr
from core.data.opening import check_memory, read_table
from core.data.reading import Reading
from core.data.table import Table
from core.errors import BarDataError

HEADER = "time,open,high,low,close,volume"
FIRST = "2024-01-02,1,3,1,2,10"
SECOND = "2024-01-03,2,4,2,3,20"
NEEDED = "needed are time (or timestamp, date, datetime), open, high, low, close"
BARS = pl.DataFrame({name: [1, 2] for name in ("time", "open", "high", "low", "close", "volume")})


def read(content: str | bytes, name: str = "A.csv") -> Table:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(name)


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(BarDataError) as caught:
        call()
    return str(caught.value)


def refusal(content: str | bytes, name: str = "A.csv") -> str:
    return error_of(lambda: read(content, name))


def parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def lines(*rows: str, ended_by: str = "\n") -> str:
    return ended_by.join((*rows, ""))


def test_every_cell_is_the_text_of_the_file() -> None:
    table = read(lines(HEADER, "NA,null,1E5, 7,,TRUE"))
    assert table.source == "A.csv"
    assert table.cells.rows(named=True) == [
        {"place": 2, "time": "NA", "open": "null", "high": "1E5", "low": " 7", "close": "", "volume": "TRUE"}
    ]


@pytest.mark.parametrize("name", ["A.csv", "A.txt", "A", "A.CSV", "A.anything"])
def test_a_file_of_any_other_ending_is_csv(name: str) -> None:
    assert len(read(lines(HEADER, FIRST), name).cells) == 1


@pytest.mark.parametrize("name", ["A.parquet", "A.pq", "A.Parquet"])
def test_a_parquet_file_is_known_by_its_ending(name: str) -> None:
    table = read(parquet(BARS), name)
    assert table.cells.rows() == [(0, 1, 1, 1, 1, 1, 1), (1, 2, 2, 2, 2, 2, 2)]


def test_columns_are_found_by_name_in_any_case_and_order_and_no_other_is_read() -> None:
    table = read(lines("note,CLOSE,Adj Close, Open ,high,Low,Date", "x,2,0.5,1,3,0.1,2024-01-02"))
    assert table.cells.rows(named=True) == [
        {"place": 2, "close": "2", "open": "1", "high": "3", "low": "0.1", "time": "2024-01-02"}
    ]
    other = BARS.rename({"open": "OPEN"}).with_columns(nested=pl.lit([{"x": [1]}]))
    assert read(parquet(other), "A.parquet").cells.columns == ["place", *BARS.columns]


@pytest.mark.parametrize("time", ["time", "Timestamp", "DATE", "datetime"])
@pytest.mark.parametrize("symbol", ["symbol", "Ticker"])
def test_time_and_symbol_have_other_names(time: str, symbol: str) -> None:
    table = read(lines(f"{time},open,high,low,close,{symbol}", "2024-01-02,1,3,1,2,NA"))
    assert table.cells["time"].to_list() == ["2024-01-02"]
    assert table.cells["symbol"].to_list() == ["NA"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_separate_too(separator: str) -> None:
    table = read(lines(HEADER, '2024-01-02,1,3,"1,5",2,10').replace(",", separator).replace(f"1{separator}5", "1,5"))
    assert table.cells["low"].to_list() == ["1,5"]


@pytest.mark.parametrize(
    "content",
    [
        lines(HEADER, FIRST, SECOND),
        lines(HEADER, FIRST, SECOND).removesuffix("\n"),
        lines(HEADER, FIRST, SECOND, ended_by="\r\n"),
        lines(HEADER, FIRST, SECOND, ended_by="\r"),
        "\ufeff" + lines(HEADER, FIRST, SECOND),
    ],
    ids=["LF", "no last LF", "CRLF", "CR", "BOM"],
)
def test_line_ends_and_a_mark_before_the_text_make_no_difference(content: str) -> None:
    table = read(content)
    assert table.cells["time"].to_list() == ["2024-01-02", "2024-01-03"]
    assert table.cells["volume"].to_list() == ["10", "20"]
    assert table.cells["place"].to_list() == [2, 3]


def test_blank_lines_are_counted_and_left_out() -> None:
    table = read(lines(HEADER, "", FIRST, "", "", SECOND, "", ""))
    assert table.cells["place"].to_list() == [3, 6]


def test_a_quoted_field_is_its_content() -> None:
    table = read(lines('"time","Open",high,low,close,symbol', '"2024-01-02",1,"3",1,2,"A ""B"", C"'))
    assert table.cells.rows() == [(2, "2024-01-02", "1", "3", "1", "2", 'A "B", C')]


def test_text_of_any_script_is_kept() -> None:
    table = read(lines("time,open,high,low,close,symbol", "2024-01-02,1,3,1,2,\u0410APL \u2028\u202e"))
    assert table.cells["symbol"].to_list() == ["\u0410APL \u2028\u202e"]


def test_a_missing_file_is_named_as_it_was_given() -> None:
    assert error_of(lambda: read_table("no/A.csv")) == "no/A.csv: cannot be read: no such file or directory"
    assert error_of(lambda: read_table(Path("A.csv"))) == "A.csv: cannot be read: no such file or directory"
    assert error_of(lambda: read_table("A\0.csv")) == "A␀.csv: cannot be read: embedded null byte"


def test_a_folder_is_refused(folder: Path) -> None:
    (folder / "A.csv").mkdir()
    assert error_of(lambda: read_table("A.csv")) == "A.csv: must be a file, was a folder"


def test_a_pipe_and_a_device_are_refused_without_waiting() -> None:
    os.mkfifo("A.csv")
    assert error_of(lambda: read_table("A.csv")) == "A.csv: must be a file, was a pipe or a device"
    assert error_of(lambda: read_table("/dev/zero")) == "/dev/zero: must be a file, was a pipe or a device"


def test_a_file_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    assert refused_without_content() == "A.csv: cannot be read: permission denied"


def test_a_file_larger_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert refused_without_content() == "A.csv: cannot be read: it does not fit into memory"


def refused_without_content() -> str:
    Path("A.csv").touch()
    return error_of(lambda: read_table("A.csv"))


@pytest.mark.parametrize("content", ["", "\n", " \r\n\n", "\ufeff", HEADER, lines(HEADER), lines(HEADER, "", "")])
def test_a_file_without_rows_is_refused(content: str) -> None:
    assert refusal(content) == "A.csv: no rows"
    assert refusal(parquet(BARS.clear()), "A.parquet") == "A.parquet: no rows"


def test_a_missing_column_is_named_beside_those_needed_and_found() -> None:
    found = "found are date, high, low, Close"
    assert refusal(lines("date,high,low,Close", "2024-01-02,3,1,2")) == f"A.csv: no column open: {NEEDED}; {found}"
    assert refusal(lines("x,1,3,1,2,10")) == f"A.csv: no column time: {NEEDED}; found are x, 1, 3, 1, 2, 10"
    assert refusal(lines("", HEADER, FIRST)) == f"A.csv: no column time: {NEEDED}; found are none"
    assert refusal(lines("Date|Open", "1|2")) == f"A.csv: no column time: {NEEDED}; found are Date|Open"
    assert refusal(parquet(pl.DataFrame()), "A.pq") == f"A.pq: no column time: {NEEDED}; found are none"


def test_many_columns_are_not_all_listed() -> None:
    listed = ", ".join(f"c{index}" for index in range(20))
    many = ",".join(f"c{index}" for index in range(50))
    assert refusal(lines(many, many)) == f"A.csv: no column time: {NEEDED}; found are {listed} and 30 more"


@pytest.mark.parametrize(
    ("twin", "what"),
    [
        ("OPEN", "one column must be the open, found are open and OPEN"),
        ("Timestamp", "one column must be the time, found are time and Timestamp"),
        ("volume", "one column must be the volume, found are volume and volume"),
    ],
)
def test_two_columns_for_one_thing_are_refused(twin: str, what: str) -> None:
    assert refusal(lines(f"{HEADER},{twin}", f"{FIRST},1")) == f"A.csv: {what}"


def test_a_symbol_and_a_ticker_are_two_symbols() -> None:
    assert (
        refusal(lines(f"symbol,{HEADER},ticker")) == "A.csv: one column must be the symbol, found are symbol and ticker"
    )


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ("2024-01-03,2,4,2,3", 5),
        ("2024-01-03,2,4,2,3,20,", 7),
        (" ", 1),
        (",,,,,,", 7),
        ('"2024-01-03",2,"4,2",3,20', 5),
    ],
)
def test_a_row_with_too_few_or_too_many_fields_is_refused(row: str, count: int) -> None:
    assert refusal(lines(HEADER, FIRST, "", row)) == f"A.csv:4: a row must have 6 fields like the header, had {count}"


@pytest.mark.parametrize(
    "row", ['"2024-01-03,2,4,2,3,20', '2024-01-03,2,4,2,3,2"0', '"2024-01-03"x,2,4,2,3,20', ' "2",2,4,2,3,20']
)
def test_a_quote_out_of_place_is_refused(row: str) -> None:
    assert refusal(lines(HEADER, FIRST, row)) == "A.csv:3: a quote must open and close a whole field"


def test_a_quoted_line_end_is_refused() -> None:
    content = lines(f"{HEADER},note", f'{FIRST},"one', 'two"')
    assert refusal(content) == "A.csv:2: a quote must open and close a whole field"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_utf_16_is_refused_by_its_name(encoding: str) -> None:
    assert refusal(lines(HEADER, FIRST).encode(encoding)) == "A.csv: must be text in UTF-8, was UTF-16"


@pytest.mark.parametrize(("wrong", "shown"), [(b"\0", "0x00"), (b"\xe9", "0xE9")])
def test_bytes_that_are_no_text_are_refused(wrong: bytes, shown: str) -> None:
    content = lines(HEADER, FIRST, SECOND).encode().replace(b"20\n", wrong)
    assert refusal(content) == f"A.csv:3: must be text in UTF-8, was the byte {shown}"


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"1", mtime=0), zlib.compress(b"1", 1), zlib.compress(b"1", 5), b"x^2"],
    ids=["gzip", "zlib 1", "zlib 5", "like zlib"],
)
def test_a_compressed_file_is_refused(packed: bytes) -> None:
    assert refusal(packed) == "A.csv: must be text in UTF-8, was compressed"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"time,open\n1,2\n", parquet(BARS)[:-20]])
def test_what_is_no_whole_parquet_file_is_refused_in_one_line(content: bytes) -> None:
    error = refusal(content, "A.parquet")
    assert error.startswith("A.parquet: cannot be read: ")
    assert error.isprintable()


def test_a_refusal_names_a_line_or_a_row() -> None:
    assert str(read(lines(HEADER, FIRST)).refusal(2, "x")) == "A.csv:2: x"
    assert str(read(parquet(BARS), "A.pq").refusal(2, "x")) == "A.pq: row 2: x"


def test_the_limit_of_memory_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: str) -> int:
        raise ValueError

    Path("A.csv").touch()
    with Path("B.csv").open("wb") as file:
        file.truncate(10**9)  # takes no room on the disk
    check_memory(["A.csv", "no.csv", "/dev/zero"], Reading())
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": 1_000_000, "SC_PAGE_SIZE": 4_000}.__getitem__)
    said = "B.csv: needs about 14.0 GB, all files 14.0 GB; the limit is 4.0 GB (--memory-gb)"
    assert error_of(lambda: check_memory(["A.csv", "B.csv"], Reading())) == said
    monkeypatch.setattr("os.sysconf", nothing)  # a system that does not say
    said = "B.csv: needs about 14.0 GB; the limit is 8.0 GB (--memory-gb)"
    assert error_of(lambda: check_memory(["B.csv"], Reading())) == said
    check_memory(["B.csv"], Reading(memory_gb=15))


def test_of_a_parquet_file_only_the_end_is_looked_at_for_that() -> None:
    Path("A.parquet").write_bytes(b"x" * 100 + parquet(BARS)[100:])
    check_memory(["A.parquet"], Reading(memory_gb=1))
    Path("A.parquet").write_bytes(b"no Parquet")  # is refused when it is read
    check_memory(["A.parquet"], Reading(memory_gb=1))


def test_a_date_and_a_time_are_one_column_in_parquet() -> None:
    two = pl.DataFrame({"date": ["2024-01-02"], "time": ["09:30"], **{name: [1] for name in BARS.columns[1:]}})
    assert refusal(parquet(two), "A.pq") == "A.pq: the time must be in one column, found are a date and a time"


def test_nothing_is_printed_by_what_reads_and_the_terminal_comes_back(capfd: pytest.CaptureFixture[str]) -> None:
    with without_stderr():
        os.write(2, b"lost")
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"


def test_there_may_be_no_terminal_to_print_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: int) -> int:
        raise OSError

    monkeypatch.setattr("os.dup", closed)
    monkeypatch.setattr("sys.stderr", None)
    assert len(read(parquet(BARS), "A.pq").cells) == 2
