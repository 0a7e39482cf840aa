"""Travel: what the keys of time do: over what is recorded they move the cursor, at the head they execute."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from attrs import define

from core.replay.breakpoints import Breakpoint
from core.replay.cursor import START, Cursor
from core.text import clean
from tui.commands import GoTo
from tui.endings import ending
from tui.host import Host
from tui.runner import Condition, never
from tui.session import Session

Stop: TypeAlias = tuple[Cursor, list[Breakpoint]]
"""Where breakpoints stop, and which do."""

_TEN: Final = 10


@define(eq=False)
class Travel:
    """Moves through the run that is looked at."""

    _host: Host

    @property
    def _session(self) -> Session:
        return self._host.session

    # Step by step

    def next_bar(self) -> None:
        """Go to the next bar; at the head, execute it."""
        if self._pause():
            return
        timeline = self._session.timeline
        if timeline.is_at_head:
            self._execute()
        else:
            self._go(timeline.next_bar(timeline.cursor))

    def previous_bar(self) -> None:
        """Go to the end of the bar before."""
        if not self._pause():
            timeline = self._session.timeline
            self._go(timeline.previous_bar(timeline.cursor), "this is the start of the run")

    def next_place(self) -> None:
        """Go to the next place inside the bar; at the head, execute the next bar and stand at its first."""
        if self._pause():
            return
        timeline = self._session.timeline
        before = timeline.cursor
        if timeline.is_at_head and not self._session.run.is_over:
            self._session.runner.step()
        if timeline.is_at_head and timeline.cursor == before:
            self._end()
        else:
            self._go(timeline.next_place(before))

    def previous_place(self) -> None:
        """Go to the place before."""
        if not self._pause():
            timeline = self._session.timeline
            self._go(timeline.previous_place(timeline.cursor), "this is the start of the run")

    def ten_on(self) -> None:
        """Go ten bars on, over what is recorded."""
        self._by_bars(_TEN)

    def ten_back(self) -> None:
        """Go ten bars back."""
        self._by_bars(-_TEN)

    def first(self) -> None:
        """Go to the start."""
        if not self._pause():
            self._go(START, "this is the start of the run")

    def last(self) -> None:
        """Go to the head."""
        if not self._pause():
            self._go(self._session.timeline.head, "this is the newest bar")

    # Until something is met

    def next_fill(self) -> None:
        """Go to the next fill, or run to it."""
        self._on_to("fill", "no further fill")

    def previous_fill(self) -> None:
        """Go to the fill before."""
        if self._pause():
            return
        search, cursor = self._session.search("fill"), self._session.timeline.cursor

        def take(found: Cursor | None) -> None:
            if found is None:
                self._host.show("no fill before this place")
            else:
                self._go_to_found(found)

        self._host.do("looking for a fill", lambda: search.before(cursor), take)

    def go_on(self) -> None:
        """Go to the next place at which a breakpoint stops, or to the end; what runs already only goes further."""
        session = self._session
        if session.runner.is_running:
            self._run_on()
        else:
            breakpoints, cursor = session.breakpoints, session.timeline.cursor
            self._host.do("looking for breakpoints", lambda: breakpoints.after(cursor), self._stop_or_run)

    def _stop_or_run(self, stopped: Stop | None) -> None:
        if stopped is not None:
            self._stop_at(*stopped)
        else:
            self._run_on()

    def _run_on(self) -> None:
        session = self._session
        begun = session.timeline.head
        session.timeline.seek(begun)
        if session.run.is_over:
            self._end()
        elif len(session.breakpoints):
            self._run(begun, "", _once_met(session, session.breakpoints.after))
        else:
            self._run(begun, "", never)

    def go_back(self) -> None:
        """Go back to the last place at which a breakpoint stops, or to the start."""
        if self._pause():
            return
        breakpoints, cursor = self._session.breakpoints, self._session.timeline.cursor

        def take(stopped: Stop | None) -> None:
            if stopped is None:
                self._go(START, "this is the start of the run")
            else:
                self._stop_at(*stopped)

        self._host.do("looking for breakpoints", lambda: breakpoints.before(cursor), take)

    # At a speed

    def run_or_pause(self) -> None:
        """Play on at the speed that was chosen, or pause."""
        if self._pause():
            return
        if self._session.runner.speed:
            session = self._session
            self._host.play(lambda: self._advance(session), lambda: self._rest(session))
        else:
            self.go_on()

    def faster(self) -> None:
        """Let space play faster."""
        self._change_speed(1)

    def slower(self) -> None:
        """Let space play slower."""
        self._change_speed(-1)

    def _change_speed(self, steps: int) -> None:
        speed = self._session.runner.change_speed(steps)
        self._host.show(f"space plays {speed:,} bars a second" if speed else "space runs as fast as it goes")

    def _advance(self, session: Session) -> bool:
        """Go on by a bar, over what is recorded or by executing it; say whether one can go on from there."""
        timeline, before = session.timeline, session.timeline.cursor
        if session is not self._session:
            return False
        if not timeline.is_at_head:
            timeline.seek(timeline.next_bar(before))
        elif session.run.is_over or session.error:
            return False
        else:
            session.runner.step()
            timeline.seek(timeline.head)
        stopped = session.breakpoints.after(before) if len(session.breakpoints) else None
        if stopped is None or stopped[0].order > timeline.cursor.order:
            return True
        timeline.seek(stopped[0])
        return False

    def _rest(self, session: Session) -> None:
        """Say why a play has stopped: at a breakpoint, or at the end; where a key has paused it, nothing."""
        if session is not self._session:
            return
        timeline = session.timeline
        stopped = session.breakpoints.after(timeline.previous_place(timeline.cursor))
        if stopped is not None and stopped[0] == timeline.cursor:
            self._stop_at(*stopped)
        else:
            self._end()

    def _run(self, begun: Cursor, condition: str, until: Condition) -> None:
        """Execute steps; then stand at what they were executed for, where that was met, else at the head.

        Args:
            begun: Where the head is.
            condition: What they are executed for; empty for breakpoints.
            until: Whether it was met.
        """
        session = self._session
        self._host.run_until(until, lambda: self._arrive(session, begun, condition))

    def _land(self, session: Session, note: str) -> None:
        if session is self._session:
            session.timeline.seek(session.timeline.head)
            self._host.show(note)

    def _arrive(self, session: Session, begun: Cursor, condition: str) -> None:
        if session is not self._session:
            return
        session.timeline.seek(session.timeline.head)
        found = session.search(condition).after(begun) if condition else None
        stopped = session.breakpoints.after(begun) if not condition else None
        if found is not None:
            self._go_to_found(found)
        elif stopped is not None:
            self._stop_at(*stopped)
        else:
            self._end()

    # To a place

    def go_to(self, asked: GoTo) -> None:
        """Go where a person wants to; to what is not executed yet by running there.

        Raises:
            InputError: There is no such place.
        """
        timeline, run = self._session.timeline, self._session.run
        if asked.order_id is not None:
            self._go(timeline.find_order(asked.order_id))
        elif asked.event is not None:
            self._go(timeline.whole_after(timeline.after(asked.event).sequence - 1))
        elif asked.bar is not None:
            step = min(max(asked.bar - 1, -1), run.length - 1)
            note = "" if step == asked.bar - 1 else f"there are bars 1 to {run.length}"
            self._go_to_step(step, note)
        elif asked.time is not None:
            step, note = timeline.step_at(asked.time)
            self._go_to_step(step, note)

    def go_to_recorded(self, step: int) -> None:
        """Go to the end of a step, as far as the run is recorded."""
        if self._pause():
            return
        timeline = self._session.timeline
        step = min(step, self._session.run.step_count - 1)
        if step != timeline.cursor.step:
            self._go(timeline.end_of_step(step))

    def _go_to_step(self, step: int, note: str) -> None:
        session = self._session
        if step < session.run.step_count:
            session.timeline.seek(session.timeline.end_of_step(step))
            self._host.show(note)
        elif session.run.is_over:
            session.timeline.seek(session.timeline.head)
            self._end()
        else:
            self._host.run_until(lambda: session.run.step_count > step, lambda: self._land(session, note))

    # What they have in common

    def _pause(self) -> bool:
        """Pause a run that goes on; say whether one did."""
        runner = self._session.runner
        was_running = runner.is_running
        runner.pause()
        return was_running

    def _execute(self) -> None:
        session = self._session
        if not session.run.is_over:
            session.runner.step()
        session.timeline.seek(session.timeline.head)
        self._end()

    def _go(self, cursor: Cursor, message_if_there: str = "") -> None:
        timeline = self._session.timeline
        is_there = timeline.cursor == cursor
        timeline.seek(cursor)
        self._host.show(message_if_there if is_there else "")

    def _go_to_found(self, cursor: Cursor) -> None:
        """Go where something happened, which is explained there."""
        self._session.timeline.seek(cursor)
        self._look_at(cursor)
        self._host.show()

    def _look_at(self, cursor: Cursor) -> None:
        """Explain what happened at a place, and show the bars of the symbol that it happened to."""
        self._host.explain(None)
        session = self._session
        rows = session.run.journal.rows
        if 0 < cursor.sequence <= len(rows) and rows[cursor.sequence - 1][0] == cursor.step:
            self._host.look_at(session.scene.about(cursor.sequence - 1))

    def _by_bars(self, bars: int) -> None:
        if self._pause():
            return
        timeline, run = self._session.timeline, self._session.run
        step = min(max(timeline.cursor.step + bars, -1), run.step_count - 1)
        newest = "this is the last bar" if run.is_over else "this is the newest bar: n executes the next"
        self._go(timeline.end_of_step(step), "this is the start of the run" if bars < 0 else newest)

    def _on_to(self, condition: str, message: str) -> None:
        if self._pause():
            return
        search, cursor = self._session.search(condition), self._session.timeline.cursor

        def take(found: Cursor | None) -> None:
            if found is None:
                self._run_to(condition, message)
            else:
                self._go_to_found(found)

        self._host.do(f"looking for a {condition}", lambda: search.after(cursor), take)

    def _run_to(self, condition: str, message: str) -> None:
        session = self._session
        begun = session.timeline.head
        session.timeline.seek(begun)
        if session.run.is_over:
            self._host.show(message)
        else:
            self._run(begun, condition, _once_met(session, session.search(condition).after))

    def _stop_at(self, cursor: Cursor, there: Sequence[Breakpoint]) -> None:
        self._session.timeline.seek(cursor)
        self._look_at(cursor)
        said = (f"breakpoint {one.id}: {one.text} (hit {one.hits(cursor)})" for one in there)
        self._host.show(clean(", ".join(said)))

    def _end(self) -> None:
        """Say how the run has ended, where it has, and explain the order that says most about it."""
        end = ending(self._session)
        if end.order_id is not None:
            self._host.explain(end.order_id)
        self._host.show(end.text)


def _once_met(session: Session, find: Callable[[Cursor], object]) -> Condition:
    """Return a condition that holds once something is found after the head of now; each step is looked at once."""
    seen = session.timeline.head

    def is_met() -> bool:
        nonlocal seen
        if find(seen) is not None:
            return True
        seen = session.timeline.head
        return False

    return is_met
