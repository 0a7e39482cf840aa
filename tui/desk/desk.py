"""Desk: the one way in to what a person asks of a run besides moving in it; each part answers some of it."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from tui.commands import (
    AddBreak,
    AddNote,
    Asked,
    ChooseTheme,
    Compare,
    DeleteBreak,
    DoAction,
    Export,
    Give,
    GoTo,
    MakeBranch,
    Quit,
    Record,
    ShowOutput,
    Verify,
    Watch,
)
from tui.desk.bookmarks import Bookmarks
from tui.desk.branches import Branches
from tui.desk.changes import Changes
from tui.desk.code import Code
from tui.desk.command_line import CommandLine
from tui.desk.comparisons import Comparisons
from tui.desk.exports import Exports
from tui.desk.files import Files
from tui.desk.orders import Orders
from tui.desk.part import said
from tui.desk.recordings import Recordings
from tui.desk.selected_row import SelectedRow
from tui.desk.stops import Stops
from tui.host import DeskHost
from tui.travel import Travel


@define(eq=False)
class Desk:
    """Answers what is asked of the run that is looked at."""

    _host: DeskHost
    _travel: Travel
    _answers: Mapping[str, Callable[[], object]] = field(init=False)
    _recordings: Recordings = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Give each question to the part that answers it."""
        host = self._host
        doers: dict[type[Asked], Callable[[Any], object]] = {}
        line = CommandLine(host, doers)
        stops, changes, branches = Stops(host, line.write), Changes(host), Branches(host)
        comparisons, bookmarks, row = Comparisons(host), Bookmarks(host), SelectedRow(host, self._travel)
        orders, code = Orders(host, line.take), Code(host)
        exports, files = Exports(host), Files(host)
        self._recordings = Recordings(host)
        doers |= {
            GoTo: self._travel.go_to,
            AddBreak: lambda one: stops.add(one.text),
            DeleteBreak: lambda one: stops.delete(one.number),
            Watch: lambda one: stops.watch(one.text),
            Give: lambda one: orders.give(one.command),
            MakeBranch: branches.make,
            AddNote: lambda one: bookmarks.note(one.text),
            Compare: lambda one: comparisons.compare_with(one.letter),
            Verify: lambda _: code.verify(),
            Export: lambda one: exports.write(one.folder, one.form),
            Record: lambda one: self._recordings.record(one.name),
            ShowOutput: lambda _: code.output(),
            ChooseTheme: lambda one: host.set_theme(one.name),
            DoAction: lambda one: host.act(one.call),
            Quit: lambda _: host.leave(),
        }
        questions = (
            *(stops.breakpoint, stops.breakpoints),
            *(changes.changed_before, changes.changed_after),
            *(branches.retry, branches.reload, branches.other_run),
            *(comparisons.difference, code.debug),
            *(bookmarks.set_bookmark, bookmarks.go_to_bookmark, bookmarks.bookmarks, files.data),
            *(row.explain_row, row.go_to_row),
            *(orders.order, line.command, line.go_to),
        )
        self._answers = {question.__name__: question for question in questions}

    def ask(self, name: str) -> None:
        """Do what a key stands for; what cannot be is said."""
        said(self._host, self._answers[name])

    def end_recordings(self) -> list[str]:
        """Write what is left of every recording; return what could not be written, one line each."""
        return self._recordings.end()
