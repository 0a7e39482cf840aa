"""The parts of a step come in the order of rule R2."""

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
    assert Clock().step == -1
