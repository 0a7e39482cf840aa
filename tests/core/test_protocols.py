"""What one part of the core may know of another, and that the parts are what the others take them for."""

from decimal import Decimal

import pytest

from core.execution.costs import Commission, Slippage
from core.execution.terms import Terms
from core.protocols import (
    CommissionModel,
    Marks,
    PortfolioStateProtocol,
    PortfolioView,
    SlippageModel,
    Traded,
)
from core.risk.marks import GivenMarks
from core.risk.portfolio import PortfolioState


def names_of(protocol: type) -> set[str]:
    """Return what a protocol promises."""
    return {name for kind in protocol.__mro__ for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("protocol", "part"),
    [
        (PortfolioView, PortfolioState(1000)),
        (PortfolioStateProtocol, PortfolioState(1000)),
        (Marks, GivenMarks()),
        (CommissionModel, Commission()),
        (SlippageModel, Slippage()),
    ],
)
def test_a_part_has_all_that_its_protocol_promises(protocol: type, part: object) -> None:
    assert names_of(protocol)
    assert [name for name in names_of(protocol) if not hasattr(part, name)] == []


def test_a_reader_of_a_portfolio_has_no_way_to_write() -> None:
    writing = {"update_position", "deposit", "withdraw", "receive_income", "mark", "subscribe", "fork"}
    assert not names_of(PortfolioView) & writing
    assert names_of(PortfolioStateProtocol) - names_of(PortfolioView) == {"update_position", "subscribe", "fork"}


def test_an_order_that_has_filled_nothing_has_traded_nothing() -> None:
    assert Traded() == (0, 0, 0, 0)
    assert Traded._fields == ("quantity", "notional", "maker_quantity", "maker_notional")


def test_any_class_with_the_method_is_a_commission_model() -> None:
    class ForEachHundred:
        def total(self, traded: Traded) -> Decimal:
            return traded.quantity // 100

    assert Terms(ForEachHundred()).commission.total(Traded(Decimal(250), Decimal(2500))) == 2
