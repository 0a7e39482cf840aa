"""Two moments side by side say what differs, and leave empty what does not."""

from decimal import Decimal

from core.execution.costs import Commission
from core.replay.moment import Moment
from core.replay.timeline import Timeline
from tests.core.builders import bars_of, run
from tui.difference import rows_of

HOSTILE = "AC\x1b[2JME"
MADE = run(
    [bars_of("ACME", "100", "100", "110", "90"), bars_of(HOSTILE, "10", "10", "10", "10")],
    {
        0: lambda now: now.buy("ACME", 10),
        1: lambda now: [now.sell("ACME", 4), now.buy(HOSTILE, 3), now.buy("ACME", 1, limit_price=1)],
        2: lambda now: now.sell("ACME", 6),
    },
    costs=Commission(minimum=Decimal(1)),
)


def at(step: int) -> Moment:
    timeline = Timeline(MADE)
    return timeline.at(timeline.end_of_step(step))


def cells(one: int, other: int) -> dict[str, tuple[str, str, str]]:
    return {name: (before, after, change) for name, before, after, change in rows_of(at(one), at(other))}


def test_money_positions_and_counts_are_compared() -> None:
    assert cells(1, 2) == {
        # 10 held at 100: 4 of them are sold at 110, and the other 6 are worth 60 more; 2 fills cost 1 each
        "equity": ("99,999.00", "100,097.00", "+98.00"),
        "cash": ("98,999.00", "99,407.00", "+408.00"),  # 440 of the sale less 30 and the 2
        "realized": ("0.00", "40.00", "+40.00"),
        "unrealized": ("0.00", "60.00", "+60.00"),
        "commissions": ("1.00", "3.00", "+2.00"),
        "drawdown": ("1.00", "0.00", "-1.00"),
        "ACME": ("10 @ 100.0000", "6 @ 100.0000", "-4"),
        "AC␛[2JME": ("-", "3 @ 10.0000", "+3"),
        "open orders": ("3", "2", "-1"),
        "orders": ("4", "5", "+1"),
        "fills": ("1", "3", "+2"),
    }


def test_a_position_that_was_closed_stays_in_the_list() -> None:
    assert cells(2, 3)["ACME"] == ("6 @ 100.0000", "-", "-6")


def test_what_is_alike_has_no_difference() -> None:
    assert {change for _, _, change in cells(2, 2).values()} == {""}
    assert set(cells(-1, -1)) == {
        "equity",
        "cash",
        "realized",
        "unrealized",
        "commissions",
        "drawdown",
        "open orders",
        "orders",
        "fills",
    }
