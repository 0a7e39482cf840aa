"""What a strategy prints is kept as far as there is room, and never shown by itself."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.backtest.loop import Backtest
from core.backtest.output import LONGEST_LINE, MOST_LINES, Output
from core.backtest.strategy import Now
from core.errors import StrategyError
from tests.core.builders import Script, bars_of

BARS = bars_of("A", *["100"] * 4)


def printed(*texts: str) -> Output:
    output = Output()
    for text in texts:
        output.write(text)
    return output


def run_of(says: Callable[[Now], object], steps: int = 4) -> Backtest:
    run = Backtest(BARS, Script(dict.fromkeys(range(steps), says)))
    run.take_output(Output())
    return run


def lines_of(run: Backtest, until: int | None = None) -> list[str]:
    assert run.guard.output is not None
    return list(run.guard.output.lines(until))


def say(text: object) -> None:
    print(text)  # noqa: T201 - strategies do


def test_lines_are_kept_in_whatever_pieces_they_are_written() -> None:
    assert list(printed("a", "b\nc", "\n\n", "d").lines()) == ["ab", "c", "", "d"]
    assert list(printed("a\n").lines()) == ["a"]
    assert list(printed().lines()) == []


def test_of_many_lines_the_first_and_the_newest_are_kept_and_the_others_counted() -> None:
    output = printed("".join(f"{number}\n" for number in range(5 * MOST_LINES)))
    first = [str(number) for number in range(MOST_LINES)]
    newest = [str(number) for number in range(4 * MOST_LINES, 5 * MOST_LINES)]
    assert list(output.lines()) == [*first, "... 3,000 lines left out ...", *newest]
    assert output.omitted == 3 * MOST_LINES


@pytest.mark.parametrize("count", [MOST_LINES, 2 * MOST_LINES])
def test_as_many_lines_as_there_is_room_for_are_all_kept(count: int) -> None:
    output = printed("".join(f"{number}\n" for number in range(count)))
    assert list(output.lines()) == [str(number) for number in range(count)]


@pytest.mark.parametrize("text", ["x" * 10**6, "x" * 10**6 + "\n"])
def test_of_a_long_line_the_beginning_is_kept(text: str) -> None:
    assert list(printed("ab", text).lines()) == ["ab" + "x" * (LONGEST_LINE - 2)]
    assert list(printed("\n", text).lines()) == ["", "x" * LONGEST_LINE]


@pytest.mark.parametrize("execute", [Backtest.run, lambda run: [run.step() for _ in range(4)]], ids=["run", "steps"])
def test_what_a_strategy_prints_is_kept_with_its_step(
    execute: Callable[[Backtest], object], capfd: pytest.CaptureFixture[str]
) -> None:
    run = run_of(lambda now: [say(now.step), sys.stderr.write("to stderr\n")])
    execute(run)
    assert lines_of(run) == [line for step in range(4) for line in (str(step), "to stderr")]
    assert lines_of(run, 1) == ["0", "to stderr", "1", "to stderr"]
    assert lines_of(run, -1) == []
    assert capfd.readouterr() == ("", "")
    say("the program's")
    assert capfd.readouterr().out == "the program's\n"


def test_a_rewound_run_shows_neither_later_lines_nor_how_many_there_will_be() -> None:
    run = run_of(lambda now: say("\n".join(f"{now.step}" for _ in range(MOST_LINES))))
    run.run()
    assert lines_of(run, 0) == ["0"] * MOST_LINES
    assert lines_of(run, 1) == [*["0"] * MOST_LINES, "... lines left out ..."]
    assert lines_of(run, 3) == [*["0"] * MOST_LINES, "... 2,000 lines left out ...", *["3"] * MOST_LINES]


def test_a_line_that_is_not_at_its_end_is_of_the_step_in_which_one_stands() -> None:
    run = run_of(lambda now: sys.stdout.write("a") and now)
    run.run()
    assert (lines_of(run), lines_of(run, 2), lines_of(run, 3)) == (["aaaa"], [], ["aaaa"])


def test_what_is_printed_before_an_error_is_kept_and_the_program_prints_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = run_of(lambda _: say("before") or 1 / 0)
    with pytest.raises(StrategyError):
        run.run()
    assert lines_of(run) == ["before"]
    say("after")
    assert capfd.readouterr().out == "after\n"


def test_a_handler_of_a_log_that_one_run_has_made_writes_to_the_run_that_logs(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log = logging.Logger("mine")  # noqa: LOG001 - one that no other test has

    def speak(now: Now) -> None:
        if not log.handlers:
            log.addHandler(logging.StreamHandler())
        log.warning("step %s", now.step)

    one, other = run_of(speak, 2), run_of(speak, 1)
    one.run()
    other.run()
    log.warning("between runs")
    assert (lines_of(one), lines_of(other)) == (["step 0", "step 1"], ["step 0", "between runs"])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ask", [input, lambda: sys.stdin.read() or 1 / 0])
def test_nobody_answers_what_a_strategy_asks_of_the_keyboard(ask: Callable[[], object]) -> None:
    with pytest.raises(StrategyError, match=r"raised (EOFError|ZeroDivisionError)"):
        run_of(lambda _: ask()).run()


def test_what_a_strategy_closes_stays_open_for_the_others() -> None:
    run_of(lambda _: [sys.stdout.close(), sys.stdin.close()]).run()
    run = run_of(lambda now: say(now.step) or sys.stdin.read())
    run.run()
    assert lines_of(run) == ["0", "1", "2", "3"]


def test_where_no_output_is_taken_a_strategy_prints_where_the_program_prints(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Backtest(BARS, Script({1: lambda now: say(now.step)})).run()
    assert capfd.readouterr().out == "1\n"


def test_a_run_inside_a_run_keeps_its_own_lines() -> None:
    inner = run_of(lambda now: say(f"inner {now.step}"), 2)
    outer = run_of(lambda now: [say("before"), inner.run(), say("after")] if now.step == 1 else None)
    outer.run()
    assert (lines_of(outer), lines_of(inner)) == (["before", "after"], ["inner 0", "inner 1"])


def test_only_text_can_be_written(tmp_path: Path) -> None:
    assert not list(tmp_path.iterdir())
    with pytest.raises(StrategyError, match="raised AttributeError"):
        run_of(lambda _: sys.stdout.buffer).run()
