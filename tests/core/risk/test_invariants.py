"""Books that were tampered with stop whoever uses them: each identity is checked, and named."""

from decimal import Decimal
from typing import Any

import pytest

from core.errors import InvariantError
from core.events import Ledger
from core.risk import portfolio as portfolio_module
from core.risk.booking import book_fill
from core.risk.invariants import Totals, check_books, check_fill, check_ledger, check_split, check_totals
from core.risk.portfolio import PortfolioState
from tests.core.builders import at

# bought 10 @ 95 and sold 4 @ 100, commission 1 each time, received 3, of a capital of 1000:
# cash 1000 - 950 - 1 + 400 - 1 + 3, paid 950 - 400; cost 950 x 6 / 10, realized 400 - 380
SOUND = Totals(cash=Decimal(451), capital=Decimal(1000), paid=Decimal(550), commissions=Decimal(2), income=Decimal(3))
BOUGHT = (Decimal(10), Decimal(950), Decimal(0), Decimal(1))
LEDGER = (Decimal(6), Decimal(570), Decimal(20), Decimal(2))
QUANTUM = Decimal("1E-12")


def sound_portfolio() -> PortfolioState:
    portfolio = PortfolioState(1000)
    portfolio.update_position(symbol="ACME", quantity_delta=10, price=95, timestamp=at(0), commission=1)
    portfolio.update_position(symbol="ACME", quantity_delta=-4, price=100, timestamp=at(0), commission=1)
    portfolio.receive_income(3, at(0))
    portfolio.mark("ACME", 110, at(0))
    return portfolio


def name_of_broken(call: Any, *arguments: Any, **named: Any) -> str:
    """Return the name of the invariant that a call finds broken."""
    with pytest.raises(InvariantError) as caught:
        call(*arguments, **named)
    return caught.value.name


def test_sound_books_pass() -> None:
    check_totals(SOUND)
    check_fill("ACME", BOUGHT, LEDGER, Decimal(-400), SOUND)
    check_books(SOUND, [("ACME", LEDGER)], profit=Decimal(111), unrealized=Decimal(90))  # 451 + 6 x 110 - 1000
    assert sound_portfolio()._totals == SOUND
    sound_portfolio().check()


@pytest.mark.parametrize("field", Totals._fields)
def test_any_one_total_that_is_off_by_a_quantum_breaks_i1(field: str) -> None:
    off = SOUND._replace(**{field: getattr(SOUND, field) + QUANTUM})
    assert name_of_broken(check_totals, off) == "I1"


@pytest.mark.parametrize("field", Totals._fields)
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        pytest.param("update_position", {"symbol": "B", "quantity_delta": 1, "price": 1}, id="at the next fill"),
        pytest.param("deposit", {"amount": 5}, id="at the next deposit"),
        pytest.param("withdraw", {"amount": 5}, id="at the next withdrawal"),
        pytest.param("receive_income", {"amount": 5}, id="at the next income"),
    ],
)
def test_a_total_that_was_tampered_with_is_found_at_the_next_change_which_then_changes_nothing(
    call: str, arguments: dict[str, Any], field: str
) -> None:
    portfolio, events = sound_portfolio(), list[object]()
    portfolio._totals = tampered = SOUND._replace(**{field: Decimal(777)})
    portfolio.subscribe(events.append)
    assert name_of_broken(getattr(portfolio, call), **arguments, timestamp=at(1)) == "I1"
    assert portfolio._totals == tampered
    assert portfolio.get_position("B").is_flat
    assert not events


@pytest.mark.parametrize("field", Totals._fields)
def test_a_total_that_was_tampered_with_is_found_by_a_full_check(field: str) -> None:
    portfolio = sound_portfolio()
    portfolio._totals = SOUND._replace(**{field: Decimal(777)})
    assert name_of_broken(portfolio.check) == "I1"


def test_totals_that_agree_among_themselves_but_not_with_the_ledgers_break_i2() -> None:
    portfolio = sound_portfolio()
    portfolio._totals = SOUND._replace(cash=SOUND.cash + 1, paid=SOUND.paid - 1)
    assert name_of_broken(portfolio.check) == "I2"
    portfolio._totals = SOUND._replace(cash=SOUND.cash + 1, commissions=SOUND.commissions - 1)
    assert name_of_broken(portfolio.check) == "I2"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param(1, "I2", id="cost"),
        pytest.param(2, "I2", id="realized"),
        pytest.param(3, "I2", id="commissions"),
    ],
)
def test_a_ledger_that_was_tampered_with_is_found_by_a_full_check(place: int, name: str) -> None:
    portfolio = sound_portfolio()
    changed = list(LEDGER)
    changed[place] += QUANTUM
    portfolio._ledgers["ACME"] = tuple(changed)
    assert name_of_broken(portfolio.check) == name


@pytest.mark.parametrize(
    ("error", "name"),
    [
        pytest.param((0, QUANTUM, 0, 0), "I2", id="cost from nowhere"),
        pytest.param((0, 0, -QUANTUM, 0), "I2", id="a gain lost"),
        pytest.param((-6, 0, 0, 0), "I4", id="cost of nothing"),
        pytest.param((-7, 0, 0, 0), "I4", id="a wrong sign"),
    ],
)
def test_a_fill_that_is_booked_wrongly_is_found_before_anything_is_written(
    error: tuple[Decimal, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def book_wrongly(*arguments: Any) -> tuple[Ledger, ...]:
        (booked,) = book_fill(*arguments)
        return (tuple(number + off for number, off in zip(booked, error, strict=True)),)

    portfolio, events = PortfolioState(1000), list[object]()
    portfolio.update_position(symbol="ACME", quantity_delta=10, price=95, timestamp=at(0), commission=1)
    portfolio.subscribe(events.append)
    before = portfolio._totals
    monkeypatch.setattr(portfolio_module, "book_fill", book_wrongly)
    fill = {"symbol": "ACME", "quantity_delta": -4, "price": 100, "timestamp": at(0), "commission": 1}
    assert name_of_broken(portfolio.update_position, **fill) == name
    assert portfolio.get_position("ACME").quantity == 10
    assert portfolio._totals == before
    assert not events


@pytest.mark.parametrize(("profit", "unrealized"), [("112", "90"), ("111", "91")])
def test_equity_that_does_not_follow_from_what_was_booked_breaks_i3(profit: str, unrealized: str) -> None:
    assert name_of_broken(check_books, SOUND, [("ACME", LEDGER)], Decimal(profit), Decimal(unrealized)) == "I3"


class Restless:
    """Marks that say something else each time they are asked."""

    timestamp = at(0)

    def __init__(self) -> None:
        self._price = 100

    def get_mark(self, _: str) -> Decimal:
        self._price += 1
        return Decimal(self._price)


def test_a_portfolio_that_is_valued_in_two_ways_at_once_breaks_i3() -> None:
    portfolio = PortfolioState(1000, marks=Restless())
    portfolio.update_position(symbol="ACME", quantity_delta=1, price=100, timestamp=at(0))
    assert name_of_broken(portfolio.check) == "I3"


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
    with pytest.raises(InvariantError, match=r"^invariant I4 is broken: quantity .* is not cost .* \(ACME\)$"):
        check_ledger("ACME", ledger(quantity, cost))


def test_a_ledger_that_was_tampered_with_breaks_i4() -> None:
    portfolio = sound_portfolio()
    portfolio._ledgers["ACME"] = (Decimal(0), *LEDGER[1:])
    assert name_of_broken(portfolio.check) == "I4"


def test_a_message_shows_both_sides_and_the_state() -> None:
    with pytest.raises(InvariantError, match=r"^invariant I1 is broken: .*452.*Totals\(cash=Decimal\('452'\)"):
        check_totals(SOUND._replace(cash=Decimal(452)))


STATE = (
    "Totals(cash=Decimal('451'), capital=Decimal('1000'), paid=Decimal('550'), commissions=Decimal('2'), "
    "income=Decimal('3'))"
)


def words_of_broken(call: Any, *arguments: Any) -> str:
    """Return what is said of the invariant that a call finds broken."""
    with pytest.raises(InvariantError) as caught:
        call(*arguments)
    return str(caught.value)


def test_totals_that_break_i1_are_shown_with_what_they_should_be() -> None:
    off = SOUND._replace(cash=Decimal(452))
    state = STATE.replace("451", "452")
    assert words_of_broken(check_totals, off) == (
        f"invariant I1 is broken: cash 452 is not capital + income - paid - commissions ({state})"
    )


def test_a_fill_that_breaks_i2_is_shown_with_what_it_gained_and_what_was_paid_and_realized() -> None:
    off = (LEDGER[0], LEDGER[1], Decimal(21), LEDGER[3])
    # cost 570 - 950, of which 400 came in; sold for 400 less the 380 that they cost it realized 20
    assert words_of_broken(check_fill, "ACME", BOUGHT, off, Decimal(-400), SOUND) == (
        "invariant I2 is broken: cost gained -380 is not paid -400 + realized 21 (ACME)"
    )


@pytest.mark.parametrize(
    ("ledger", "profit", "said"),
    [
        pytest.param((6, 570, 20, 3), 111, "I2 is broken: 3 is not 2", id="commissions of the ledgers and in total"),
        # 451 + 571; 1000 + 20 - 2 + 3
        pytest.param((6, 571, 20, 2), 111, "I2 is broken: 1022 is not 1021", id="cash and cost, capital and gains"),
        # 20 - 2 + 3 + 90
        pytest.param((6, 570, 20, 2), 112, "I3 is broken: 112 is not 111", id="the profit, and what it is made of"),
    ],
)
def test_books_that_break_an_invariant_are_shown_with_both_sides_and_the_totals(
    ledger: tuple[int, ...], profit: int, said: str
) -> None:
    ledgers = [("ACME", tuple(map(Decimal, ledger)))]
    assert words_of_broken(check_books, SOUND, ledgers, Decimal(profit), Decimal(90)) == f"invariant {said} ({STATE})"


def test_a_split_that_moves_equity_by_more_than_its_roundings_is_a_bug() -> None:
    # 3 units at 1:2 with cents: half a cent, and 1.5 units of 1E-12
    totals, after = Totals(cash=Decimal(100), capital=Decimal(100)), (Decimal(1), Decimal(10), Decimal(0), Decimal(0))
    bound = Decimal("0.0050000000015")
    for gained in (bound, -bound):
        check_split("A", after, totals, quantity=Decimal(3), ratio=(1, 2), digits=2, gained=gained)
    with pytest.raises(InvariantError, match=r"^invariant I9 is broken: equity gained 0\.0050000000016"):
        check_split("A", after, totals, quantity=Decimal(3), ratio=(1, 2), digits=2, gained=Decimal("0.0050000000016"))
    with pytest.raises(InvariantError, match=r"^invariant I4 is broken"):
        check_split("A", (Decimal(0), *after[1:]), totals, quantity=Decimal(3), ratio=(1, 2), digits=2, gained=bound)
    wrong = totals._replace(cash=Decimal(101))
    with pytest.raises(InvariantError, match=r"^invariant I1 is broken"):
        check_split("A", after, wrong, quantity=Decimal(3), ratio=(1, 2), digits=2, gained=bound)
