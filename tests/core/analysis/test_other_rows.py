"""Bars whose later rows are gone, or are others, are bars."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.other_rows import with_other_rows_after, without_rows_after
from core.bars import MOST_TICKS, Bars
from tests.core.builders import bars_of
from tests.generators import Market, markets


@settings(max_examples=50)
@given(markets(), st.data())
def test_what_lies_up_to_the_time_is_the_same_and_what_comes_later_is_not(market: Market, data: st.DataObject) -> None:
    times = all_times(market.bars)
    time = data.draw(st.sampled_from(times))
    for others in with_other_rows_after(market.bars, time):  # each of which was checked to be bars when it was made
        for one, other in zip(market.bars, others, strict=True):
            count = sum(stamp <= time for stamp in one.times)
            assert one.times == other.times
            assert one.frame[:count].equals(other.frame[:count])
            assert (one.symbol, one.digits, one.volume_digits) == (other.symbol, other.digits, other.volume_digits)
    kept = {one.symbol: one for one in without_rows_after(market.bars, time)}
    for one in market.bars:
        count = sum(stamp <= time for stamp in one.times)
        assert len(kept[one.symbol]) == count if count else one.symbol not in kept


def all_times(bars: list[Bars]) -> list[int]:
    return sorted({time for one in bars for time in one.times})


def test_every_later_price_is_another_in_one_of_them() -> None:
    bars = bars_of("A", "5/5/5/5/1", "5/5/5/5/2", "4/9/3/8/3")
    mirrored, doubled, halved = with_other_rows_after([bars], bars.times[0])
    # highest 9, lowest 3: each price p becomes 12 - p, high and low exchanged; volumes 2 v + 1
    assert list(mirrored[0].frame.rows())[1:] == [
        (bars.times[1], 7, 7, 7, 7, 5),
        (bars.times[2], 8, 9, 3, 4, 7),
    ]
    assert list(doubled[0].frame.rows())[1:] == [(bars.times[1], 10, 10, 10, 10, 1), (bars.times[2], 8, 18, 6, 16, 1)]
    assert list(halved[0].frame.rows())[1:] == [(bars.times[1], 3, 3, 3, 3, 3), (bars.times[2], 2, 5, 2, 4, 4)]


def test_prices_that_are_too_large_to_be_doubled_are_halved_only() -> None:
    bars = bars_of("A", str(MOST_TICKS), f"{MOST_TICKS - 4}")
    _, (doubled,), (halved,) = with_other_rows_after([bars], bars.times[0])
    assert doubled.closes == bars.closes
    assert halved.closes == [MOST_TICKS, MOST_TICKS // 2 - 2]
