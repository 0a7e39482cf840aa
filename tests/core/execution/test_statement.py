"""A position in the shape of a broker statement."""

from decimal import Context, Decimal, Inexact, localcontext

import pytest

from core.execution.statement import StatementLine, statement_line
from core.position import Position


def position(quantity: str, cost: str) -> Position:
    return Position("ACME", Decimal(quantity), Decimal(cost), Decimal(7), Decimal(3))


LINES = [
    # quantity, cost, mark; side, quantity, average price, market value, unrealized
    pytest.param("10", "950", "100", ("LONG", "10", "95", "1000", "50"), id="a long"),  # 10 x 100; 1000 - 950
    pytest.param("-20", "-1000", "60", ("SHORT", "20", "50", "-1200", "-200"), id="a short"),  # -20 x 60; -1200 + 1000
    pytest.param("-20", "-1000", "45", ("SHORT", "20", "50", "-900", "100"), id="a short that gains"),
    pytest.param("3", "31.5", None, ("LONG", "3", "10.5", "31.5", "0"), id="without a mark, at cost"),
    pytest.param("-3", "-31.5", None, ("SHORT", "3", "10.5", "-31.5", "0"), id="a short without a mark"),
    pytest.param("0.5", "50", "100", ("LONG", "0.5", "100", "50", "0"), id="half a unit"),
    pytest.param("0", "0", None, ("SHORT", "0", "0", "0", "0"), id="flat, which no statement shows"),
]


@pytest.mark.parametrize(("quantity", "cost", "mark", "line"), LINES)
def test_a_position_is_one_line(quantity: str, cost: str, mark: str | None, line: tuple[str, ...]) -> None:
    side, *numbers = line
    found = statement_line(position(quantity, cost), None if mark is None else Decimal(mark))
    assert found == StatementLine("ACME", side, *map(Decimal, numbers))


def test_the_threads_context_changes_no_line() -> None:
    with localcontext(Context(prec=2, traps=[Inexact])):
        found = statement_line(position("-12345", "-123456.78"), Decimal("17.125"))
    # 12345 x 17.125 = 211408.125, less 123456.78
    expected = [Decimal(number) for number in ("12345", "10.000549210207", "-211408.125", "-87951.345")]
    assert found == StatementLine("ACME", "SHORT", *expected)
