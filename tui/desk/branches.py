"""Branches: the run again with one change, and the way between a branch and its parent."""

from functools import partial
from typing import Final

from attrs import define

from core.order import OrderStatus
from core.replay.branch import Branch, Change, branch
from tui.branching import change_of, reloaded, retry, standing, told
from tui.commands import MakeBranch
from tui.desk.part import Part
from tui.session import Session

_NEAR: Final = 200  # newest orders that are looked at for a rejection


@define(eq=False)
class Branches(Part):
    """Makes branches, and goes between them and their parents."""

    def retry(self) -> None:
        """Retry a rejected order with its remedy, in a branch."""
        order_id = self._rejected()
        if order_id is None:
            self._host.show("no rejected order is selected, nor was one rejected here")
        else:
            self._open(retry(self.session, order_id))

    def reload(self) -> None:
        """Run the strategy's file as it is now, in a branch."""
        self._open(reloaded(self.session.backtest))

    def make(self, wanted: MakeBranch) -> None:
        """Run a branch with a change that a person has written.

        Raises:
            InputError: There is no such field, setting or order, or it cannot have that value.
        """
        self._open(change_of(self.session, wanted))

    def other_run(self) -> None:
        """Look at the parent of a branch, or at its branch."""
        if self._host.other_session() is None:
            self._host.show("there is no branch: r retries a rejection in one, :branch makes one")
        else:
            self._host.swap()

    def _open(self, change: Change) -> None:
        parent = self.session
        self.work("running the branch", lambda: branch(parent.backtest, change), partial(self._show, parent, change))

    def _show(self, parent: Session, change: Change, made: Branch) -> None:
        result, there, here = standing(parent, made)
        parent.timeline.seek(here)
        session = self._host.new_session(result.run, result)
        session.timeline.seek(there)
        self._host.open_branch(session)
        self._host.explain(next(iter(change.edits), self._host.explained_order))
        if result.divergence is not None:
            self._host.look_at(session.scene.about_row(result.divergence.other or result.divergence.one))
        self._host.show(told(result))

    def _rejected(self) -> int | None:
        """Return the rejected order that is meant: the selected one, the explained one, or the newest of this step."""
        moment = self.session.timeline.at(self.cursor)
        pane, (_, key) = self._host.focused_name, self._host.selected
        meant = [key if pane == "orders" else None, self._host.explained_order]
        meant += range(len(moment.orders), 0, -1)[:_NEAR]
        there = (one for one in meant if isinstance(one, int) and 0 < one <= len(moment.orders))
        return next((one for one in there if moment.get_order(one).status is OrderStatus.REJECTED), None)
