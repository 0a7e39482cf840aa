"""Marks that are given one by one."""

from decimal import Decimal

from core.risk.marks import GivenMarks
from tests.core.builders import at


def test_before_the_first_mark_there_is_none() -> None:
    marks = GivenMarks()
    assert (marks.get_mark("ACME"), marks.timestamp) == (None, None)


def test_the_last_price_given_is_the_mark_of_its_symbol_alone() -> None:
    marks = GivenMarks()
    marks.put("ACME", Decimal(10), at(0))
    marks.put("OTHER", Decimal(5), at(1))
    marks.put("ACME", Decimal(11), at(2))
    assert (marks.get_mark("ACME"), marks.get_mark("OTHER")) == (Decimal(11), Decimal(5))
    assert marks.timestamp == at(2)


def test_the_peak_is_the_highest_profit_and_at_least_zero() -> None:
    marks = GivenMarks()
    assert marks.get_peak_profit(Decimal(-5)) == 0
    assert marks.get_peak_profit(Decimal(7)) == 7
    assert marks.get_peak_profit(Decimal(3)) == 7
