"""The parts of a step come in the order of rule R2; the clock says where it stands."""

from decimal import Decimal

from core.clock import Clock, Phase


def test_the_phases_come_in_the_order_of_the_rule() -> None:
    assert [phase.name for phase in sorted(Phase)] == [
        "CORPORATE_ACTIONS",
        "REQUESTS",
        "OPEN",
        "LEG_1",
        "LEG_2",
        "LEG_3",
        "CLOSE",
        "MARK",
        "STRATEGY",
    ]


def test_a_clock_stands_before_the_first_step() -> None:
    clock = Clock()
    assert (clock.step, clock.phase, clock.part, clock.instant) == (-1, Phase.STRATEGY, 0, None)


def test_only_the_symbol_inside_whose_bar_something_happens_has_a_price_there() -> None:
    clock = Clock(3, Phase.LEG_1)
    assert clock.price_in("A") is None
    clock.instant = ("A", Decimal("99.75"))
    assert clock.price_in("A") == Decimal("99.75")
    assert clock.price_in("B") is None


def test_a_clock_is_the_one_and_equal_to_no_other() -> None:
    assert Clock(3) != Clock(3)
