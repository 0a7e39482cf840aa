"""Orders by hand, which are asked for at the head of the run."""

from collections.abc import Callable

from attrs import define

from core.backtest.command import Command
from core.errors import DeadlineError, StrategyError
from tui.desk.part import Part
from tui.screens.order_form import OrderForm


@define(eq=False)
class Orders(Part):
    """Gives what a person asks for to the run.

    Attributes:
        _take_line: Takes the command that a form has made.
    """

    _take_line: Callable[[str], object]

    def order(self) -> None:
        """Ask for an order by a form."""
        symbols, (symbol, _) = self.session.backtest.feed.places, self._host.selected
        self.put(OrderForm(symbol or min(symbols)), self._take_line)

    def give(self, command: Command) -> None:
        """Ask for an order, or for a change of one.

        Raises:
            InputError: It cannot be asked for.
        """
        session = self.session
        run = session.backtest
        if not session.timeline.is_at_head:
            self._host.show("orders are asked for at the head: $ goes there; :branch buy ... asks here, in a branch")
            return
        try:
            with run.guard:
                order_id = run.command(command)
        except (DeadlineError, StrategyError) as error:
            session.runner.error = error
        else:
            self._host.explain(order_id)
        session.record()
        session.timeline.seek(session.timeline.head)
        self._host.show()
