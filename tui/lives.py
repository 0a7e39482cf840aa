"""Lives: in which step each order was asked for, and in which the last thing happened that could end it."""

from typing import Final

from attrs import define, field

from core.backtest.journal import Journal
from core.events import OrderCanceled, OrderExpired, OrderFilled, OrderRejected, OrderSubmitted

_ENDS: Final = frozenset({OrderFilled, OrderRejected, OrderCanceled, OrderExpired})


@define(eq=False)
class Lives:
    """The lives of the orders of a run, as far as the run has come; each fact is read once.

    Args:
        journal: The facts.
    """

    _journal: Journal
    _read: int = field(default=0, init=False)
    _asked: list[int] = field(factory=list, init=False)  # by number of the order, less 1
    _ended: dict[int, int] = field(factory=dict, init=False)

    def age(self, order_id: int, step: int) -> int:
        """Return how many bars before a step an order was asked for; it had been asked for then."""
        self.read_on()
        return step - self._asked[order_id - 1]

    def lifetime(self, order_id: int) -> int:
        """Return how many bars an order lived that is over."""
        self.read_on()
        return self.age(order_id, self._ended[order_id])

    def read_on(self) -> None:
        """Take in the facts that came since."""
        for step, _, kind, fields in self._journal.rows[self._read :]:
            if kind is OrderSubmitted:
                self._asked.append(step)
            elif kind in _ENDS:
                self._ended[fields[1]] = step
        self._read = len(self._journal)
