"""The code of the strategy: what it prints, into it in a debugger, and the whole run again in other processes."""

import asyncio

from attrs import define

from core.backtest.loop import Backtest
from core.errors import FillstepError
from core.replay.fresh_process import check_in_fresh_processes
from core.text import clean
from tui.debugger import check_debugger, debug_at
from tui.desk.part import Part
from tui.screens.listing import ListingScreen
from tui.widgets.columns import Column
from tui.widgets.rows import Row


@define(eq=False)
class Code(Part):
    """Leads into the code, and runs it again."""

    def debug(self) -> None:
        """Go into the call of the strategy at this place."""
        run = self.session.backtest
        check_debugger()
        self._host.leave_screen(lambda: debug_at(run, self.cursor))
        self._host.show()

    def output(self) -> None:
        """Show what the strategy has printed up to the end of this bar."""
        output = self.session.backtest.guard.output
        lines = () if output is None else output.lines(self.cursor.step)
        rows = [Row((clean(line),), index) for index, line in enumerate(lines)]
        columns = (Column("", 20, grow=True),)
        self.put(
            ListingScreen("Output of the strategy", columns, rows, keys=("esc close",), empty="it has printed nothing"),
            lambda _: None,
        )

    def verify(self) -> None:
        """Begin to run again in other processes, and say later what came of it."""
        run = self.session.backtest
        self._host.show("running again in other processes ...")
        self._host.work(self._verified(run))

    async def _verified(self, run: Backtest) -> None:
        try:
            count = await asyncio.to_thread(check_in_fresh_processes, run)
        except FillstepError as error:
            self._host.show(clean(str(error)))
        else:
            self._host.show(f"run again in 3 other processes: all {count:,} events were alike")
