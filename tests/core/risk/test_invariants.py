"""Books that were tampered with stop whoever uses them: each identity is checked, and named."""

from decimal import Decimal
from typing import Any

import pytest

from core.errors import InvariantError
from core.events import Ledger
from core.risk.invariants import Totals, check_books, check_ledger, check_totals
from core.risk.portfolio import PortfolioState
from tests.core.builders import at

# bought 10 @ 95 and sold 4 @ 100, commission 1 each time, received 3, of a capital of 1000:
# cash 1000 - 950 - 1 + 400 - 1 + 3, cost 950 x 6 / 10, realized 400 - 380, paid 950 - 400
SOUND = Totals(*map(Decimal, (451, 1000, 550, 570, 20, 2, 3)))
LEDGER = (Decimal(6), Decimal(570), Decimal(20), Decimal(2))


def sound_portfolio() -> PortfolioState:
    portfolio = PortfolioState(1000)
    portfolio.update_position(symbol="ACME", quantity_delta=10, price=95, timestamp=at(0), commission=1)
    portfolio.update_position(symbol="ACME", quantity_delta=-4, price=100, timestamp=at(0), commission=1)
    portfolio.receive_income(3, at(0))
    portfolio.mark("ACME", 110, at(0))
    return portfolio


def test_sound_totals_pass() -> None:
    check_totals(SOUND)
    check_books(SOUND, [("ACME", LEDGER)], profit=Decimal(111), unrealized=Decimal(90))  # 451 + 6 x 110 - 1000
    assert sound_portfolio()._totals == SOUND
    sound_portfolio().check()


@pytest.mark.parametrize("field", Totals._fields)
def test_any_one_total_that_is_off_by_a_quantum_breaks_an_identity(field: str) -> None:
    off = SOUND._replace(**{field: getattr(SOUND, field) + Decimal("1E-12")})
    with pytest.raises(InvariantError, match=r"^invariant I[12] is broken: "):
        check_totals(off)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"cash": Decimal(452)}, "I1", id="cash"),
        pytest.param({"paid": Decimal(549)}, "I1", id="what was paid"),
        pytest.param({"cost_basis": Decimal(571)}, "I2", id="cost"),
        pytest.param({"realized_pnl": Decimal(19)}, "I2", id="realized"),
        # both sides of I1 and of I2 move together, but the ledgers still say what they said
        pytest.param({"cost_basis": Decimal(571), "realized_pnl": Decimal(21)}, "I2", id="cost and realized alike"),
    ],
)
def test_a_portfolio_whose_totals_were_tampered_with_is_told_so(changes: dict[str, Decimal], name: str) -> None:
    portfolio = sound_portfolio()
    portfolio._totals = portfolio._totals._replace(**changes)
    with pytest.raises(InvariantError) as caught:
        portfolio.check()
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"cash": Decimal(452)}, "I1", id="cash"),
        pytest.param({"cost_basis": Decimal(571)}, "I2", id="cost"),
    ],
)
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        pytest.param("update_position", {"symbol": "B", "quantity_delta": 1, "price": 1}, id="at the next fill"),
        pytest.param("deposit", {"amount": 5}, id="at the next deposit"),
        pytest.param("withdraw", {"amount": 5}, id="at the next withdrawal"),
        pytest.param("receive_income", {"amount": 5}, id="at the next income"),
    ],
)
def test_tampering_is_found_at_the_next_change_which_then_changes_nothing(
    call: str, arguments: dict[str, Any], changes: dict[str, Decimal], name: str
) -> None:
    portfolio, events = sound_portfolio(), list[object]()
    portfolio._totals = tampered = portfolio._totals._replace(**changes)
    portfolio.subscribe(events.append)
    with pytest.raises(InvariantError) as caught:
        getattr(portfolio, call)(**arguments, timestamp=at(1))
    assert caught.value.name == name
    assert portfolio._totals == tampered
    assert not events
    assert portfolio.get_position("B").is_flat


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_ledger_that_was_tampered_with_no_longer_sums_to_the_totals(place: int) -> None:
    portfolio = sound_portfolio()
    portfolio._ledgers["ACME"] = tuple(
        number + (1 if index == place else 0) for index, number in enumerate(portfolio._ledgers["ACME"])
    )
    with pytest.raises(InvariantError) as caught:
        portfolio.check()
    assert caught.value.name == "I2"


@pytest.mark.parametrize(("profit", "unrealized"), [("112", "90"), ("111", "91")])
def test_equity_that_does_not_follow_from_what_was_booked_breaks_i3(profit: str, unrealized: str) -> None:
    with pytest.raises(InvariantError) as caught:
        check_books(SOUND, [("ACME", LEDGER)], Decimal(profit), Decimal(unrealized))
    assert caught.value.name == "I3"


class Restless:
    """Marks that say something else each time they are asked."""

    timestamp = at(0)

    def __init__(self) -> None:
        self._price = 100

    def get_mark(self, _: str) -> Decimal:
        self._price += 1
        return Decimal(self._price)

    def get_peak_profit(self, now: Decimal) -> Decimal:
        return now


def test_a_portfolio_that_is_valued_in_two_ways_at_once_breaks_i3() -> None:
    portfolio = PortfolioState(1000, marks=Restless())
    portfolio.update_position(symbol="ACME", quantity_delta=1, price=100, timestamp=at(0))
    with pytest.raises(InvariantError) as caught:
        portfolio.check()
    assert caught.value.name == "I3"


def ledger(quantity: str, cost: str) -> Ledger:
    return Decimal(quantity), Decimal(cost), Decimal(0), Decimal(0)


@pytest.mark.parametrize(("quantity", "cost"), [("0", "0"), ("1", "1E-12"), ("-1", "-1E-12")])
def test_a_ledger_whose_signs_agree_passes(quantity: str, cost: str) -> None:
    check_ledger("ACME", ledger(quantity, cost))


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [("0", "1E-12"), ("0", "-1"), ("1", "0"), ("-1", "0"), ("1", "-1"), ("-1", "1")],
)
def test_a_ledger_whose_signs_do_not_agree_breaks_i4(quantity: str, cost: str) -> None:
    with pytest.raises(InvariantError, match=r"^invariant I4 is broken: quantity .* \(ACME\)$"):
        check_ledger("ACME", ledger(quantity, cost))


def test_a_ledger_that_was_tampered_with_breaks_i4() -> None:
    portfolio = sound_portfolio()
    portfolio._ledgers["ACME"] = (Decimal(0), *portfolio._ledgers["ACME"][1:])
    with pytest.raises(InvariantError) as caught:
        portfolio.check()
    assert caught.value.name == "I4"


def test_a_message_shows_both_sides_and_the_state() -> None:
    with pytest.raises(
        InvariantError, match=r"^invariant I1 is broken: 452 is not 451 \(Totals\(cash=Decimal\('452'\)"
    ):
        check_totals(SOUND._replace(cash=Decimal(452)))
