"""Equity, drawdown and exposure at the end of every step, as columns: joined from the facts and the bars of a run.

They say what `EquityCurve` and a portfolio say of each step, to the last digit, without looking at one after the other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Final

import polars as pl

from core.backtest.feed import Feed
from core.backtest.journal import Row
from core.backtest.split_prices import SplitPrices
from core.bars import Bars
from core.columns import MOST_DIGITS, decimal_column, fitting, product
from core.events import CashCause, CashChanged, PositionEvent, SplitApplied
from core.money import ZERO, add, multiply, subtract

_BOOKED: Final = ("cost_basis", "realized_pnl", "commissions")
_FILL: Final = CashCause.FILL
_ORDER: Final = (
    *("step", "time", "cash", "net_exposure", "gross_exposure", "equity", "peak_equity", "drawdown"),
    *("realized_pnl", "unrealized_pnl", "commissions", "income"),
)


def equity_columns(feed: Feed, rows: Sequence[Row], initial_capital: Decimal, steps: range) -> pl.DataFrame:
    """Return what positions and cash were worth at the end of each of some steps.

    Args:
        feed: The bars.
        rows: The facts of the run, from the first on; at least those of all steps up to the last that is asked for.
        initial_capital: Cash before the first fact, money.
        steps: One after the other; those of the run that are over.

    Returns:
        A row for each step: `step`, `time` (its stamp in UTC), and money, exact: `cash`; `net_exposure` (the sum of
        market values: cash and it are the equity) and `gross_exposure`; `equity`, `peak_equity` (the highest so far,
        moved by deposits and withdrawals) and `drawdown`; `realized_pnl` and `unrealized_pnl` before commission;
        `commissions`; `income`.

    Raises:
        InputError: A number needs more than the 38 digits of a column.
    """
    with fitting("equity"):
        clock = _clock(feed, steps.stop)
        positions = _positions(feed, rows)
        net, gross = _exposures(feed, clock, positions, _splits(feed, rows))
        known = clock.hstack(_cash(clock, rows, initial_capital)).hstack(_booked(clock, positions))
        equity = known["cash"] + net
        peak = (equity - known["capital"]).cum_max().clip(lower_bound=ZERO) + known["capital"]
        whole = known.with_columns(
            time=pl.col("time").cast(pl.Datetime("us", "UTC")),
            net_exposure=net,
            gross_exposure=gross,
            equity=equity,
            peak_equity=peak,
            drawdown=peak - equity,
            unrealized_pnl=net - known["cost_basis"],
        )
    return whole.select(_ORDER)[steps.start :]


def _clock(feed: Feed, stop: int) -> pl.DataFrame:
    times = pl.Series("time", feed.times[:stop], dtype=pl.Int64).set_sorted()
    return pl.DataFrame([pl.int_range(stop, dtype=pl.Int64, eager=True).alias("step"), times])


def _cash(clock: pl.DataFrame, rows: Sequence[Row], initial_capital: Decimal) -> pl.DataFrame:
    """Return cash, capital and income at the end of each step."""
    facts = [row for row in rows if row[2] is CashChanged]
    balances = _facts([-1, *(row[0] for row in facts)], cash=[initial_capital, *(row[3][2] for row in facts)])
    capital, income = initial_capital, ZERO
    steps, capitals, incomes = [-1], [capital], [income]
    for step, _, _, (_, before, after, cause, _) in (row for row in facts if row[3][3] is not _FILL):
        if cause is CashCause.INCOME:
            income = add(income, subtract(after, before))
        else:
            capital = add(capital, subtract(after, before))
        steps.append(step)
        capitals.append(capital)
        incomes.append(income)
    return _at_ends(clock, balances).hstack(_at_ends(clock, _facts(steps, capital=capitals, income=incomes)))


def _positions(feed: Feed, rows: Sequence[Row]) -> pl.DataFrame:
    """Return every position as it was after each fact that changed it."""
    changing = {kind for kind in {row[2] for row in rows} if issubclass(kind, PositionEvent)}
    facts = [row for row in rows if row[2] in changing]
    ledgers = [row[3][3] for row in facts]
    columns = {name: [ledger[place] for ledger in ledgers] for place, name in enumerate(("quantity", *_BOOKED))}
    places = pl.Series("place", [feed.places[row[3][1]] for row in facts], dtype=pl.Int64)
    return _facts([row[0] for row in facts], **columns).with_columns(places)


def _booked(clock: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Return what was booked on all positions together at the end of each step."""
    change = pl.col(*_BOOKED) - pl.col(*_BOOKED).shift(1).over("place").fill_null(ZERO)
    return _at_ends(clock, positions.select("step", change.cum_sum())).select(pl.all().fill_null(ZERO))


def _splits(feed: Feed, rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    """Return the splits of each symbol, by its place in the feed."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row[2] is SplitApplied:
            found[feed.places[row[3][1]]].append(row)
    return found


def _exposures(
    feed: Feed, clock: pl.DataFrame, positions: pl.DataFrame, splits: Mapping[int, Sequence[Row]]
) -> tuple[pl.Series, pl.Series]:
    """Return net and gross exposure at the end of each step."""
    values = []
    for (place,), held in positions.partition_by("place", as_dict=True).items():
        bars = feed.bars[place]
        quantity = _at_ends(clock, held.select("step", "quantity"))["quantity"]
        ticks = _closes(clock, bars, is_aligned=len(bars) == len(feed))
        value = product(quantity, ticks, bars.digits).fill_null(ZERO)
        values.append(value + _after_splits(feed, place, quantity, splits[place]) if place in splits else value)
    return _total(clock, values), _total(clock, [value.abs() for value in values])


def _after_splits(feed: Feed, place: int, quantity: pl.Series, splits: Sequence[Row]) -> pl.Series:
    """Return by how much a position is worth more at the close in new units than in old ones, where no bar came yet."""
    bars, known = feed.bars[place], SplitPrices()
    more = [ZERO] * len(quantity)
    for step, _, _, (_, symbol, new, old, *_) in splits:
        row = feed.row_at(place, step - 1)
        known.note(symbol, row, step, new, old)
        next_bar = feed.step_at(place, row + 1) if row + 1 < len(bars) else len(more)
        close = bars.price(bars.closes[row])
        for at in range(step, min(next_bar, len(more))):
            changed = subtract(known.price(symbol, row, close, at), close)
            more[at] = multiply(quantity[at] or ZERO, changed)
    return decimal_column("more", more)


def _total(clock: pl.DataFrame, values: Sequence[pl.Series]) -> pl.Series:
    nothing = pl.repeat(ZERO, clock.height, dtype=pl.Decimal(MOST_DIGITS, 0), eager=True)
    return reduce(pl.Series.__add__, values) if values else nothing


def _closes(clock: pl.DataFrame, bars: Bars, *, is_aligned: bool) -> pl.Series:
    """Return the newest close at the end of each step, in units of the finest digit; null before the first."""
    if is_aligned:  # it has a bar in each step
        return bars.frame["close_ticks"][: clock.height]
    closes = bars.frame.select(pl.col("time").set_sorted(), "close_ticks")
    return clock.join_asof(closes, on="time")["close_ticks"]


def _facts(steps: Sequence[int], **columns: Sequence[Decimal]) -> pl.DataFrame:
    numbers = [decimal_column(name, cells) for name, cells in columns.items()]
    return pl.DataFrame([pl.Series("step", steps, dtype=pl.Int64).set_sorted(), *numbers])


def _at_ends(clock: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Return what each step's end knows: the last fact up to it; null before the first."""
    return clock.select("step").join_asof(facts.with_columns(pl.col("step").set_sorted()), on="step").drop("step")
