"""Files of bars: what is loaded from them, and the one sentence for what is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from core.bars import Bar, Bars
from core.data.load import load
from core.data.reading import Reading
from core.errors import BarDataError, FillstepError

SAMPLES = Path(__file__).resolve().parents[3] / "sample_data"
HEADER = "time,open,high,low,close,volume"
PRICES = ("open", "high", "low", "close")
FIRST = "2024-01-02,1,3,1,2,10"
WITHIN = "must be a number of at most 18 digits before the point and 12 after"


def write(*lines: str, name: str = "A.csv") -> str:
    Path(name).write_text("\n".join((*lines, "")), encoding="utf-8")
    return name


def load_rows(*rows: str, header: str = HEADER) -> Bars:
    """Load one symbol from the rows below a header."""
    (bars,) = load([write(header, *rows)])
    return bars


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(BarDataError) as caught:
        call()
    return str(caught.value)


def refused_rows(*rows: str, header: str = HEADER) -> str:
    return refusal(lambda: load_rows(*rows, header=header))


def values_of(bars: Bars) -> list[Bar]:
    return [bars.bar(row) for row in range(len(bars))]


def days_of(bars: Bars) -> list[str]:
    return [f"{bar.time:%Y-%m-%d}" for bar in values_of(bars)]


def assert_equal(left: Bars, right: Bars) -> None:
    assert (left.symbol, left.digits, left.volume_digits) == (right.symbol, right.digits, right.volume_digits)
    assert_frame_equal(left.frame, right.frame)


def test_the_samples_load_sorted_by_symbol() -> None:
    loaded = load(sorted(SAMPLES.glob("*.csv"), reverse=True))
    assert [bars.symbol for bars in loaded] == ["AAPL", "GOOG", "IBM", "MSFT"]
    for bars in loaded:
        assert (len(bars), bars.digits, bars.volume_digits) == (2015, 4, 0)
        assert (days_of(bars)[0], days_of(bars)[-1]) == ("2005-03-01", "2013-03-01")


def test_a_bar_is_what_its_line_says() -> None:
    bars = load_rows("2024-01-02 09:30,100.5,101.25,99,100.75,1200")
    time = datetime(2024, 1, 2, 9, 30, tzinfo=UTC)
    prices = (Decimal("100.5"), Decimal("101.25"), Decimal(99), Decimal("100.75"))
    assert values_of(bars) == [Bar("A", time, *prices, Decimal(1200))]
    assert bars.source == "A.csv"


def test_a_date_is_stamped_at_its_end() -> None:
    assert load_rows(FIRST).bar(0).time == datetime(2024, 1, 2, 23, 59, 59, 999_999, tzinfo=UTC)


def test_no_files_are_no_bars() -> None:
    assert load([]) == []


def test_digits_are_those_that_the_finest_price_needs() -> None:
    bars = load_rows("2024-01-02,1.5000,2.25,1,2.0,10.0")
    assert (bars.digits, bars.volume_digits, bars.frame["open_ticks"][0]) == (2, 0, 150)


def test_a_fine_price_far_down_makes_all_ticks_fine() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    coarse = [f"{start + timedelta(hours=hour):%Y-%m-%d %H:%M},1,2,1,2,3" for hour in range(1500)]
    bars = load_rows(*coarse, "2025-01-01 00:00,1.000000000001,2,1,2,3.25")
    assert (bars.digits, bars.volume_digits) == (12, 2)
    assert (bars.bar(0).open, bars.bar(1500).open) == (Decimal(1), Decimal("1.000000000001"))


def test_a_volume_may_be_zero_a_fraction_or_not_known() -> None:
    bars = load_rows(FIRST, "2024-01-03,1,3,1,2,0", "2024-01-04,1,3,1,2,", "2024-01-05,1,3,1,2,0.125")
    assert [bar.volume for bar in values_of(bars)] == [Decimal(10), Decimal(0), None, Decimal("0.125")]


def test_without_a_volume_column_no_volume_is_known() -> None:
    bars = load_rows("2024-01-02,1,3,1,2", header="time,open,high,low,close")
    assert (bars.bar(0).volume, bars.volume_digits) == (None, 0)


def test_adjusted_closes_are_never_closes() -> None:
    assert load_rows("2024-01-02,1,3,1,2,0.5", header="Date,Open,High,Low,Close,Adj Close").bar(0).close == Decimal(2)
    error = refused_rows("2024-01-02,1,3,1,0.5", header="Date,Open,High,Low,Adj Close")
    assert error.startswith("A.csv: no column close: needed are ")


@pytest.mark.parametrize("symbol", ["NA", "NULL", "TRUE", "1E5", "BRK.B", "^GSPC", "\u0410APL", "[/nope]"])
def test_a_symbol_is_taken_literally(symbol: str) -> None:
    header = "ticker,time,open,high,low,close"
    assert [bars.symbol for bars in load([write(header, f"{symbol},2024-01-02,1,3,1,2")])] == [symbol]


@pytest.mark.parametrize("symbol", ["NA", "BRK.B", "^GSPC"])
def test_a_file_without_symbols_is_named_after_its_symbol(symbol: str) -> None:
    Path("sub").mkdir()
    (bars,) = load([write(HEADER, FIRST, name=f"sub/{symbol}.csv")])
    assert (bars.symbol, bars.source) == (symbol, f"sub/{symbol}.csv")


def test_several_symbols_in_a_file_each_have_their_own_digits_and_order() -> None:
    header = f"{HEADER},symbol"
    rows = ("2024-01-03,1,3,1,2,1,B", "2024-01-02,1.25,3,1,2,1,A", "2024-01-03,1,3,1,2,0.5,A", "2024-01-02,1,3,1,2,1,B")
    a, b = load([write(header, *rows, name="all.csv")])
    assert (a.symbol, a.digits, a.volume_digits, days_of(a)) == ("A", 2, 1, ["2024-01-02", "2024-01-03"])
    assert (b.symbol, b.digits, b.volume_digits, days_of(b)) == ("B", 0, 0, ["2024-01-02", "2024-01-03"])


def test_an_empty_symbol_is_refused() -> None:
    header = f"{HEADER},symbol"
    assert refused_rows(f"{FIRST},A", f"{FIRST},", header=header) == "A.csv:3: symbol must not be empty"
    frame = pl.read_csv(write(header, f"{FIRST},A", f"{FIRST},"), try_parse_dates=True)
    frame.write_parquet("A.parquet")
    assert refusal(lambda: load(["A.parquet"])) == "A.parquet: row 1: symbol must not be empty"


def test_a_symbol_that_is_not_text_is_refused() -> None:
    frame = pl.read_csv(write(f"{HEADER},symbol", f"{FIRST},600519"), try_parse_dates=True)
    frame.write_parquet("A.parquet")
    assert refusal(lambda: load(["A.parquet"])) == "A.parquet: column symbol must hold text, was Int64"


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["A", "B"])])
def test_symbols_may_be_kept_by_their_number(kind: pl.DataType) -> None:
    frame = pl.read_csv(write(f"{HEADER},symbol", f"{FIRST},B", f"{FIRST},A"), try_parse_dates=True)
    frame.with_columns(pl.col("symbol").cast(kind)).write_parquet("A.parquet")
    assert [bars.symbol for bars in load(["A.parquet"])] == ["A", "B"]


def test_a_symbol_in_two_files_is_refused_with_both() -> None:
    first, other = write(HEADER, FIRST), write(f"{HEADER},symbol", f"{FIRST},B", f"{FIRST},A", name="all.csv")
    assert refusal(lambda: load([first, other])) == "all.csv: A is in A.csv too"
    assert refusal(lambda: load([other, first])) == "A.csv: A is in all.csv too"
    assert refusal(lambda: load([first, Path(first)])) == "A.csv: A is in A.csv too"


def test_rows_from_new_to_old_are_turned_around() -> None:
    bars = load_rows("2024-01-04,1,3,1,2,30", "2024-01-03,1,3,1,2,20", FIRST)
    assert days_of(bars) == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert [bar.volume for bar in values_of(bars)] == [10, 20, 30]


@pytest.mark.parametrize(
    ("days", "line", "day"),
    [
        ((2, 4, 3), 4, 3),
        ((4, 2, 3), 3, 2),
    ],
)
def test_a_time_out_of_order_is_refused_or_sorted(days: tuple[int, ...], line: int, day: int) -> None:
    rows = [f"2024-01-0{each},1,3,1,2,10" for each in days]
    what = f"time 2024-01-0{day} does not come after the bar before (--sort puts rows in order)"
    assert refused_rows(*rows) == f"A.csv:{line}: {what}"
    (bars,) = load([write(HEADER, *rows)], Reading(sort=True))
    assert days_of(bars) == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert found_in(bars) == [("order", f"none; sorted by time, the first row out of order was line {line}")]


def found_in(bars: Bars) -> list[tuple[str, str]]:
    assert bars.origin is not None
    return list(bars.origin.rows)


@pytest.mark.parametrize(("days", "first"), [((2, 3, 3, 4, 4, 4), 4), ((4, 4, 4, 3, 3, 2), 5), ((2, 4, 3, 3, 4, 4), 5)])
def test_a_row_that_is_the_same_as_the_one_before_is_dropped(days: tuple[int, ...], first: int) -> None:
    (bars,) = load([write(HEADER, *(f"2024-01-0{each},1,3,1,2," for each in days))], Reading(sort=True))
    assert days_of(bars) == ["2024-01-02", "2024-01-03", "2024-01-04"]
    said = f"rows like the one before, dropped: 3, first line {first}"
    assert ("duplicates", said) in found_in(bars)


def test_two_rows_of_one_time_that_differ_are_refused_with_both() -> None:
    rows = (FIRST, "2024-01-03,1.50,3,1,2,", "2024-01-03,1.5,3,1,2,7")
    both = "1.50/3/1/2/ there and 1.5/3/1/2/7 here"
    what = f"time 2024-01-03 stands in line 3 too, with other values: {both}"
    assert refused_rows(*rows) == f"A.csv:4: {what}"
    assert refusal(lambda: load([write(HEADER, *rows)], Reading(sort=True))) == f"A.csv:4: {what}"


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("100,101.2,99,101.50,1", "high 101.20 is below close 101.50"),
        ("100,99,99,99,1", "high 99.00 is below open 100.00"),
        ("100,102,100.5,101,1", "low 100.50 is above open 100.00"),
        ("100,102,100,99.5,1", "low 100.00 is above close 99.50"),
        ("100,98,99,100,1", "high 98.00 is below low 99.00"),
        ("0,1,0,1,1", "open 0.00 is not above zero"),
        ("1,1,-1,1,1", "low -1.00 is not above zero"),
        ("1,1,1,1,-1", "volume -1 is below zero"),
        ("abc,1,1,1,1", "open must be a number such as 187.15, was abc"),
        ("1,1,1,,1", "close must be a number such as 187.15, was empty"),
    ],
)
def test_a_row_that_is_no_bar_is_refused_with_its_line(row: str, what: str) -> None:
    assert refused_rows("2024-01-02,1.25,2,1,1,1", "", f"2024-01-03,{row}") == f"A.csv:4: {what}"


def test_a_line_stays_true_where_rows_are_turned_around() -> None:
    rows = ("2024-01-04,1,3,1,2,30", "2024-01-03,1,3,1,4,20", FIRST)
    assert refused_rows(*rows) == "A.csv:3: high 3 is below close 4"


def test_a_price_of_too_many_ticks_is_refused() -> None:
    most = "1000000000000000"
    assert load_rows(f"2024-01-02,1,{most},1,2,1").bar(0).high == Decimal(most)
    rule = "high must be at most 10000000000000 where 2 decimals are needed"
    assert refused_rows(FIRST, f"2024-01-03,1,{most},1,2.25,1") == f"A.csv:3: {rule}, was {most}"
    rule = "low must be at most 1000000000000000 where 0 decimals are needed"
    assert refused_rows(f"2024-01-02,1,3,-{most}0,2,1") == f"A.csv:2: {rule}, was -{most}0"
    rule = "volume must be at most 1000 where 12 decimals are needed"
    assert refused_rows("2024-01-02,1,3,1,2,1000.000000000001") == f"A.csv:2: {rule}, was 1000.000000000001"


def test_other_symbols_do_not_make_a_price_too_fine() -> None:
    rows = ("2024-01-02,100000,100000,100000,100000,1,BTC", "2024-01-02,1E-12,1E-12,1E-12,1E-12,1,DUST")
    btc, dust = load([write(f"{HEADER},symbol", *rows)])
    assert (btc.digits, dust.digits) == (0, 12)


def parquet_of(**columns: object) -> list[Bars]:
    """Load two daily bars, with some columns replaced."""
    days = [date(2024, 1, 2), date(2024, 1, 3)]
    usual = {"Date": days, "Open": [1.1, 2], "High": [3.25, 3], "Low": [1, 1], "Close": [2, 2], "Volume": [10, None]}
    pl.DataFrame(usual | columns, strict=False).write_parquet("A.parquet")
    return load(["A.parquet"])


@pytest.mark.parametrize(
    "kinds",
    [{}, {"Open": pl.Float32, "High": pl.String}, dict.fromkeys(("Open", "High", "Low"), pl.Decimal(18, 4))],
    ids=["float", "shorter float and text", "decimal"],
)
def test_csv_and_parquet_of_the_same_values_are_equal_bars(kinds: dict[str, pl.DataType]) -> None:
    parquet_of()
    pl.read_parquet("A.parquet").cast(kinds).write_parquet("A.pq")
    (bars,) = load(["A.pq"])
    assert_equal(bars, load_rows("2024-01-02,1.1,3.25,1,2,10", "2024-01-03,2,3,1,2,"))


def test_the_samples_as_parquet_are_equal_bars() -> None:
    frame = pl.read_csv(SAMPLES / "AAPL.csv", try_parse_dates=True)
    frame.write_parquet("AAPL.parquet")
    (bars,) = load(["AAPL.parquet"])
    assert_equal(bars, load([SAMPLES / "AAPL.csv"])[0])


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"Close": [2, 0.1 + 0.2]}, f"row 1: close {WITHIN}, was 0.30000000000000004"),
        ({"Low": [float("nan"), 1]}, "row 0: low must be a number such as 187.15, was NaN"),
        ({"High": [3, None]}, "row 1: high must be a number such as 187.15, was null"),
        ({"High": [1, 3]}, "row 0: high 1.0 is below open 1.1"),
        ({"Volume": [1, -1]}, "row 1: volume -1 is below zero"),
        ({"Open": [True, True]}, "column open must hold numbers, was Boolean"),
        ({"Date": [1704153.5, 1704240.5]}, "column time must hold dates or times, was Float64"),
        ({"Date": [date(2024, 1, 2)] * 2}, "row 1: time 2024-01-02 stands in row 0 too, with other values: 1.1/3.25/"),
        ({"Date": ["2024-01-02", "01/03/2024"]}, "row 1: time must be written like the first one, 2024-01-02, was 01/"),
    ],
)
def test_a_parquet_row_is_refused_with_its_number(columns: dict[str, list[object]], what: str) -> None:
    assert refusal(lambda: parquet_of(**columns)).startswith(f"A.parquet: {what}")


def test_a_decimal_beyond_its_own_type_is_refused() -> None:
    prices = {name: [Decimal("1.50")] for name in ("open", "high", "low", "close")}
    pl.DataFrame(
        {"time": [date(2024, 1, 2)], **prices}, schema_overrides=dict.fromkeys(prices, pl.Decimal(18, 2))
    ).write_ipc("A.arrow")
    content = Path("A.arrow").read_bytes()
    stored = (150).to_bytes(16, "little")
    assert content.count(stored) == 4
    Path("A.arrow").write_bytes(content.replace(stored, (10**30).to_bytes(16, "little"), 1))
    assert refusal(lambda: load(["A.arrow"])) == f"A.arrow: row 0: open {WITHIN}, was 1.00000000000000000E+28"


CENTS = st.decimals(1, 10**5, places=2)
PRICE = CENTS | st.decimals(Decimal("0.0001"), 10**9, places=4) | st.integers(1, 10**6).map(Decimal)
SPELLINGS: list[Callable[[Decimal], str]] = [
    "{:f}".format,
    "{:E}".format,
    "+{:f}".format,
    "000{:.8f}".format,
    lambda price: f'"{price:f}"',
    lambda price: f"{price:f}".lstrip("0") if "." in f"{price:f}" else f"{price:f}.",
]


@st.composite
def spelled_rows(draw: st.DrawFn) -> list[tuple[list[Decimal], list[str]]]:
    """Draw rows of low, open, close, high and volume, each number beside one of its spellings."""
    rows = draw(st.lists(st.lists(PRICE, min_size=4, max_size=4).map(sorted), min_size=1, max_size=20))
    numbers = [[*prices, draw(PRICE)] for prices in rows]
    return [(row, [draw(st.sampled_from(SPELLINGS))(number) for number in row]) for row in numbers]


@given(spelled_rows())
@settings(max_examples=50, deadline=None)
def test_every_number_comes_back_as_it_was_written(rows: list[tuple[list[Decimal], list[str]]]) -> None:
    days = [date(2024, 1, 1) + timedelta(days=count) for count in range(len(rows))]
    lines = [f"{day},{','.join(written)}" for day, (_, written) in zip(days, rows, strict=True)]
    bars = load_rows(*lines, header="date,low,open,close,high,volume")
    loaded = [[bar.low, bar.open, bar.close, bar.high, bar.volume] for bar in values_of(bars)]
    assert loaded == [numbers for numbers, _ in rows]


SOUND = b"""time,open,high,low,close,volume,symbol
2024-01-02 09:30Z,1.5,3,1,2,10,A\r
"2024-01-03 09:30Z",1,3,1,2,,"B"
"""
PIECES = (b",", b";", b'"', b"\n", b"\r", b"\0", b"\xff", b"1", b"-", b"e9", b"NaN", b"Z", b"+01:00", b"2024-01-02")
DAMAGE = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 2), st.sampled_from(PIECES) | st.binary(max_size=1)),
    min_size=1,
    max_size=5,
)
"""Where, how many bytes are lost, and what stands there instead."""


def damaged(content: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    for place, lost, piece in damage:
        start = place % (len(content) + 1)
        content = content[:start] + piece + content[start + lost :]
    return content


def load_or_refuse(content: bytes, name: str) -> None:
    """Load bars, or get one line that names the file."""
    Path(name).write_bytes(content)
    try:
        loaded = load([name])
    except FillstepError as refused:
        line = str(refused)
    else:
        line = f"{name}: {len(loaded)} symbols"
    assert line.startswith(f"{name}:")
    assert line.isprintable()


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_bars_or_refused(content: bytes) -> None:
    load_or_refuse(content, "A.csv")
    load_or_refuse(b"PAR1" + content + b"PAR1", "A.parquet")


@given(DAMAGE)
@settings(max_examples=200, deadline=None)
def test_damaged_text_is_bars_or_refused(damage: list[tuple[int, int, bytes]]) -> None:
    load_or_refuse(damaged(SOUND, damage), "A.csv")


@pytest.fixture(scope="module")
def sound_parquet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("sound") / "A.parquet"
    pl.DataFrame({"time": [date(2024, 1, 2)], **{price: [1.5] for price in PRICES}}).write_parquet(file)
    return file.read_bytes()


@given(damage=DAMAGE)
@settings(max_examples=200, deadline=None)
def test_a_damaged_parquet_file_is_bars_or_refused(sound_parquet: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    load_or_refuse(damaged(sound_parquet, damage), "A.parquet")
