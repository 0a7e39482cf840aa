"""Command: what a person asks for while a run is paused; recorded with its step, and asked for again in a rerun."""

from decimal import Decimal
from typing import Final, TypeAlias

from attrs import frozen

from core.execution.broker import BacktestBroker
from core.order import Order

BY_HAND: Final = "by hand"
"""The cause of what a person asked for."""


@frozen
class Submit:
    """An order; it is eligible from the open of the next step."""

    order: Order

    def give(self, broker: BacktestBroker, step: int) -> int:
        """Submit it after a step, and return its id, also of a rejected one."""
        return broker.submit(self.order, eligible_step=step + 1, cause=BY_HAND)


@frozen
class Cancel:
    """The cancel of an order, which takes effect when the next step begins."""

    order_id: int

    def give(self, broker: BacktestBroker, step: int) -> int:  # noqa: ARG002 - as the others
        """Ask for it after a step, and return the id of the order.

        Raises:
            UnknownOrderError: No order has this id.
        """
        broker.request_cancel(self.order_id, at_once=False, cause=BY_HAND)
        return self.order_id


@frozen
class Amend:
    """A change of an order, which takes effect when the next step begins; None is what stays."""

    order_id: int
    quantity: int | Decimal | None = None
    limit_price: int | Decimal | None = None
    stop_price: int | Decimal | None = None

    def give(self, broker: BacktestBroker, step: int) -> int:  # noqa: ARG002 - as the others
        """Ask for it after a step, and return the id of the order.

        Raises:
            UnknownOrderError: No order has this id.
            NotExactError: A number that is none.
            InvalidOrderError: A price that such an order cannot have.
        """
        broker.request_amend(
            self.order_id,
            quantity=self.quantity,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            at_once=False,
            cause=BY_HAND,
        )
        return self.order_id


Command: TypeAlias = Submit | Cancel | Amend
