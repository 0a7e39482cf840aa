"""What can be read of positions and cash, whoever keeps them."""

from datetime import datetime
from decimal import Context, Decimal, Inexact, localcontext

import pytest
from attrs import define, field

from core.events import Ledger
from core.position import Position
from core.protocols import Marks
from core.risk.invariants import Totals
from core.risk.marks import GivenMarks
from core.risk.values import PortfolioValues, Positions, residuals
from tests.core.builders import at


def ledger(*numbers: str | int) -> Ledger:
    quantity, cost, realized, commissions = map(Decimal, numbers)
    return quantity, cost, realized, commissions


LEDGERS = {
    "LONG": ledger(10, 950, 20, 1),
    "FLAT": ledger(0, 0, -5, 2),
    "SHORT": ledger(-4, -200, 7, "0.5"),
    "UNMARKED": ledger(2, 30, 0, 0),
}
TOTALS = Totals(*map(Decimal, (2000, 3000, 780, "3.50", 9)))


@define
class Kept(PortfolioValues):
    """Positions and cash as somebody has written them down."""

    _ledgers: dict[str, Ledger] = field(factory=lambda: dict(LEDGERS))
    _totals: Totals = TOTALS
    _marks: Marks = field(factory=GivenMarks)
    _positions: Positions = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._positions = Positions(self._ledgers)

    def mark(self, symbol: str, price: str, time: datetime) -> None:
        self._marks.put(symbol, Decimal(price), time, self._profit)


def kept() -> Kept:
    """Return values at marks of 100 for the long and 60 for the short."""
    made = Kept()
    made.mark("LONG", "100", at(0))
    made.mark("SHORT", "60", at(1))
    return made


def test_a_position_is_made_from_its_ledger_and_kept() -> None:
    made = kept()
    position = made.get_position("LONG")
    assert position == Position("LONG", *LEDGERS["LONG"])
    assert made.get_position("LONG") is position
    assert made.position_getter("LONG") is position
    assert made.get_position("NONE") == Position("NONE")


def test_a_position_that_changed_is_made_anew_once_it_was_dropped() -> None:
    positions = Positions(ledgers := dict(LEDGERS))
    before = positions["LONG"]
    ledgers["LONG"] = ledger(5, 475, 20, 1)
    assert positions["LONG"] is before
    del positions["LONG"]
    assert positions["LONG"].quantity == 5


def test_all_positions_are_those_that_are_not_flat_in_the_order_of_their_ledgers() -> None:
    assert list(kept().get_all_positions().items()) == [
        (symbol, Position(symbol, *LEDGERS[symbol])) for symbol in ("LONG", "SHORT", "UNMARKED")
    ]


def test_cash_and_totals_are_read_as_they_are_kept() -> None:
    made = kept()
    assert (made.get_cash_balance(), made.capital, made.commissions, made.income) == (2000, 3000, Decimal("3.5"), 9)
    assert (made.get_mark("LONG"), made.get_mark("NONE"), made.timestamp) == (100, None, at(1))


def test_what_derives_from_marks_is_computed_when_somebody_looks() -> None:
    made = kept()
    # 10 x 100, -4 x 60, and 30 at cost
    assert (made.net_exposure, made.gross_exposure) == (790, 1270)
    assert made.equity == 2790
    assert made.unrealized_pnl == 10  # 790 - (950 - 200 + 30)
    assert made.realized_pnl == 22  # 20 - 5 + 7
    assert made.leverage == Decimal("0.455197132616")  # 1270 / 2790
    made.mark("UNMARKED", "20", at(2))
    assert (made.equity, made.unrealized_pnl) == (2800, 20)


@pytest.mark.parametrize(
    ("mark", "equity", "drawdown", "ratio"),
    [
        # 2000 + 10 x 100 - 240 + 30, of a capital of 3000
        pytest.param("100", "2790", "210", "0.07", id="below the capital"),
        pytest.param("121", "3000", "0", "0", id="at the capital"),
        pytest.param("121.01", "3000.10", "0", "0", id="above it"),
    ],
)
def test_before_any_profit_the_peak_is_the_capital(mark: str, equity: str, drawdown: str, ratio: str) -> None:
    made = kept()
    made.mark("LONG", mark, at(2))
    assert made.equity == Decimal(equity)
    assert (made.drawdown, made.drawdown_ratio) == (Decimal(drawdown), Decimal(ratio))


def test_a_drawdown_is_counted_from_the_highest_profit_at_any_mark() -> None:
    made = kept()
    made.mark("LONG", "150", at(2))  # equity 2000 + 1500 - 240 + 30 = 3290
    assert (made.drawdown, made.drawdown_ratio) == (0, 0)
    made.mark("LONG", "117.10", at(3))  # equity 2961
    assert (made.drawdown, made.drawdown_ratio) == (329, Decimal("0.1"))


def test_the_threads_context_changes_no_value() -> None:
    with localcontext(Context(prec=2, traps=[Inexact])):
        made = kept()
        made.mark("LONG", "123456.789", at(2))
        assert made.equity == Decimal("1236357.89")  # 2000 + 1234567.89 - 240 + 30
        assert made.drawdown == 0


def test_what_is_left_of_the_identities_is_what_the_books_do_not_explain() -> None:
    # cash 2000 + costs 950 - 200 + 30, less 3000 + 22 - 3.50 + 9; equity 2790 less that and 50 - 40 unrealized
    assert residuals(kept()) == (Decimal("-247.50"), Decimal("-247.50"))
    made = kept()
    made.mark("LONG", "110", at(2))
    assert residuals(made) == (Decimal("-247.50"), Decimal("-247.50"))
    made._totals = made._totals._replace(cash=Decimal("2247.50"))
    assert residuals(made) == (0, 0)
    made._ledgers["LONG"] = ledger(10, 951, 20, 1)
    made._positions.clear()
    assert residuals(made) == (1, 1)
