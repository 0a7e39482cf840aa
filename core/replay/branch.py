"""Branch: the same run with one change, and where it parts from its parent, which stays as it was."""

from collections.abc import Mapping
from decimal import Decimal

from attrs import evolve, frozen

from core.backtest.command import Command
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Strategy
from core.errors import DeadlineError, FillstepError, InputError, StrategyError
from core.money import subtract
from core.order import Order
from core.progress import Interrupted
from core.reason import Reason
from core.replay.divergence import Divergence, first_divergence
from core.replay.reexecution import again, follow


@frozen
class Change:
    """What is another thing in a branch.

    Attributes:
        text: What it is, in words.
        strategy: What decides; the parent's where it is not given.
        settings: What else the run is told; the parent's where they are not given.
        edits: What is asked for in the place of some orders, by their ids; None for one that is refused.
        command: What a person asks for, and after which step.
    """

    text: str
    strategy: Strategy | None = None
    settings: Settings | None = None
    edits: Mapping[int, Order | None] = {}
    command: tuple[int, Command] | None = None


@frozen(eq=False)
class Branch:
    """A run with one change.

    Attributes:
        parent: The run that was changed.
        run: The run with the change, as far as its parent has come.
        change: The change.
        divergence: Where they part; None where the change makes no difference.
        error: What has stopped the run with the change, if anything did.
    """

    parent: Backtest
    run: Backtest
    change: Change
    divergence: Divergence | None
    error: FillstepError | None = None

    @property
    def compared_step(self) -> int:
        """The last step that both have come to; -1 before the first."""
        return min(self.parent.clock.step, self.run.clock.step)

    @property
    def final_equities(self) -> tuple[Decimal, Decimal]:
        """Equity of the parent and of the branch at the last bar that both have come to, money."""
        before, after = (run.equity_curve.equity(self.compared_step) for run in (self.parent, self.run))
        return before, after

    @property
    def equity_gained(self) -> Decimal:
        """Equity less that of the parent, at the last bar that both have come to, money."""
        before, after = self.final_equities
        return subtract(after, before)


def branch(parent: Backtest, change: Change) -> Branch:
    """Run a parent again with a change, as far as it has come, or until who waits has it end (`core.progress`).

    Raises:
        InputError: The strategy cannot be copied.
        StrategyError: Its indicators cannot be evaluated.
    """
    edits = {**parent.edits, **change.edits}
    run = again(parent, strategy=change.strategy, settings=change.settings, edits=edits)
    commands = {step: list(some) for step, some in parent.commands.items()}
    if change.command is not None:
        step, command = change.command
        commands.setdefault(step, []).append(command)
    error = None
    try:
        with run.guard:
            follow(run, commands, parent.clock.step, is_changed=True)
    except (DeadlineError, StrategyError) as raised:
        error = raised
    except Interrupted:
        pass  # what was executed is a branch too, and goes on with the next step
    return Branch(parent, run, change, first_divergence(parent, run), error)


def with_order(order_id: int, order: Order) -> Change:
    """Return the change of what was asked for."""
    return Change(f"order #{order_id} is {order}", edits={order_id: order})


def without_order(order_id: int) -> Change:
    """Return the change that an order is refused."""
    return Change(f"order #{order_id} is dropped", edits={order_id: None})


def with_field(run: Backtest, name: str, value: object) -> Change:
    """Return the change of a field of the strategy, such as one of its parameters.

    Raises:
        InputError: It has no such field, or none of that value.
    """
    try:
        return Change(f"{name} is {value}", strategy=evolve(run.fresh_strategy(), **{name: value}))
    except (TypeError, ValueError) as error:
        raise InputError(f"{type(run.strategy).__name__}: {error}") from error


def remedy(order: Order, reason: Reason) -> Order | None:
    """Return the order with the quantity, or the price, that would have passed; None where a reason has none."""
    at_most = reason.params.get("at_most")
    if at_most is not None and reason.decimal("at_most") > 0:
        return evolve(order, quantity=reason.decimal("at_most"))
    if "worst_price" in reason.params and order.limit_price is not None:
        return evolve(order, limit_price=reason.decimal("worst_price"))
    return None
