"""PastOrders: the orders of one moment, which share with other moments of the run what is alike in them.

What is shared is never changed: a moment that moves on changes its own copy. An order that is over stays as it is, so
all moments share it, also those at which it was still open, which have a record of their own.
"""

from collections.abc import Iterator

from attrs import define, field

from core.errors import UnknownOrderError
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker


@define(eq=False)
class PastOrders(OrderTracker):
    """The orders of a moment; told what the journal says, they come to what the broker had."""

    _over: dict[int, OrderRecord] = field(factory=dict, init=False)
    _count: int = field(default=0, init=False)
    _owned: set[int] = field(factory=set, init=False)  # those of its records that no other moment has

    def __len__(self) -> int:
        """How many orders had been submitted."""
        return self._count

    @property
    def fill_count(self) -> int:
        """How many fills had happened; `fills` may hold later ones too."""
        return self._next_fill_id - 1

    def find(self, order_id: int) -> OrderRecord:
        """Return the record of an id, to be read.

        Raises:
            UnknownOrderError: No order had it then.
        """
        record = self._records.get(order_id)
        if record is not None:
            return record
        if not 0 < order_id <= self._count:
            raise UnknownOrderError(order_id)
        return self._over[order_id]

    def own(self, order_id: int) -> OrderRecord:
        """Return the record of an id, to be changed: no other moment has it.

        Raises:
            UnknownOrderError: No order had it then.
        """
        if order_id in self._owned:
            return self._records[order_id]
        record = self._records[order_id] = self.find(order_id).copy()
        self._owned.add(order_id)
        if record.is_open:
            self._open[record.order.symbol][order_id] = record
        return record

    def all_records(self) -> Iterator[OrderRecord]:
        """Return every order that had been submitted, by number."""
        return (self.find(order_id) for order_id in range(1, self._count + 1))

    def share(self) -> "PastOrders":
        """Return the same orders for another moment, which may move on by itself."""
        for order_id in [one for one, record in self._records.items() if record.status.is_final]:
            self._over[order_id] = self._records.pop(order_id)
        self._owned.clear()
        other = PastOrders()
        other._over, other._fills = self._over, self._fills
        other._count, other._next_fill_id, other._next_line = self._count, self._next_fill_id, self._next_line
        other._records = dict(self._records)
        other._open = {symbol: dict(book) for symbol, book in self._open.items()}
        return other

    def _keep(self, record: OrderRecord) -> None:
        super()._keep(record)
        self._count = record.id
        self._owned.add(record.id)

    def _has_applied(self, fill_id: int) -> bool:
        return fill_id < self._next_fill_id
