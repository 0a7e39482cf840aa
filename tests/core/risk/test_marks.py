"""Marks that are given one by one."""

from decimal import Decimal

from core.risk.marks import GivenMarks
from tests.core.builders import at


def give(marks: GivenMarks, symbol: str, price: int, *, step: int = 0, profit: int = 0) -> None:
    marks.put(symbol, Decimal(price), at(step), lambda: Decimal(profit))


def test_before_the_first_mark_there_is_none() -> None:
    marks = GivenMarks()
    assert (marks.get_mark("ACME"), marks.timestamp) == (None, None)


def test_the_last_price_given_is_the_mark_of_its_symbol_alone() -> None:
    marks = GivenMarks()
    give(marks, "ACME", 10)
    give(marks, "OTHER", 5, step=1)
    give(marks, "ACME", 11, step=2)
    assert (marks.get_mark("ACME"), marks.get_mark("OTHER")) == (Decimal(11), Decimal(5))
    assert marks.timestamp == at(2)


def test_the_peak_is_the_highest_profit_at_any_mark_or_now_and_at_least_zero() -> None:
    marks = GivenMarks()
    give(marks, "ACME", 10, profit=-5)
    assert marks.get_peak_profit(Decimal(-5)) == 0
    assert marks.get_peak_profit(Decimal(7)) == 7
    give(marks, "ACME", 10, profit=3)
    assert marks.get_peak_profit(Decimal(1)) == 3  # the 7 was at no mark
