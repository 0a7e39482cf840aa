"""The screen in a browser: what is served, to whom, and what is said where it cannot be."""

import asyncio
import shlex
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

from tui.__main__ import main
from tui.serve import command_of, from_page

BARS = "time,open,high,low,close,volume\n2024-01-02,10,12,9,11,100\n"
STRATEGY = "from attrs import define\nfrom core import Strategy\n@define\nclass Mine(Strategy):\n    size: int = 1\n"


class Server:
    """Stands for the server."""

    served: ClassVar[list[tuple[str, str, int]]] = []

    def __init__(self, command: str, *, host: str, port: int, **_: str) -> None:
        self.public_url = f"http://{host}:{port}"
        self._served = (command, host, port)

    async def handle_websocket(self, request: Any) -> str:
        return f"answered {request.path}"

    def serve(self) -> None:
        Server.served.append(self._served)


class Forbidden(Exception):  # noqa: N818 - as aiohttp calls it
    """Stands for a refusal."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my bars").mkdir()
    Path("my bars/A.csv").write_text(BARS, encoding="utf-8")
    Path("mine.py").write_text(STRATEGY, encoding="utf-8")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """Serve with stand-ins, and return what was served."""
    modules = {
        "textual_serve": {},
        "textual_serve.server": {"Server": Server},
        "aiohttp": {},
        "aiohttp.web": {"HTTPForbidden": Forbidden},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(Server, "served", [])
    return Server.served


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["serve", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.removeprefix("fillstep: ")


def test_the_command_that_is_served_opens_what_was_named(served: list[tuple[str, str, int]]) -> None:
    words = ["mine.py", "--data", "my bars/A.csv", "--set", "size=2", "--costs.per-unit=0.5", "--no-allow-short"]
    assert main(["serve", *words]) == 0
    ((command, _, _),) = served
    assert command == command_of(words)
    assert shlex.split(command) == [sys.executable, "-m", "tui", "open", *words]


def test_only_this_machine_is_served_unless_another_host_is_named(served: list[tuple[str, str, int]]) -> None:
    assert main(["serve", "mine.py", "--data", "my bars/A.csv"]) == 0
    assert main(["serve", "mine.py", "--host", "192.168.1.5", "--data", "my bars/A.csv", "--port=9000"]) == 0
    assert [(host, port) for _, host, port in served] == [("127.0.0.1", 8000), ("192.168.1.5", 9000)]
    assert len({command for command, _, _ in served}) == 1


def test_a_shell_reads_back_every_word() -> None:
    words = ["a b", "'", '"', "$HOME", "`id`", "; rm x", "*", "\\", "é", "--set", "tag=a\tb"]
    assert shlex.split(command_of(words))[4:] == words


REFUSED = {
    "no strategy": ([], 'command "serve" parameter strategy requires an argument'),
    "an unknown strategy": (["nothing"], "strategy nothing: "),
    "an unknown option": (["mine.py", "--dat", "x"], "unknown option: --dat"),
    "a file that is not there": (["mine.py", "--data", "none.csv"], "none.csv: cannot be read"),
    "a wrong setting": (["mine.py", "--path", "x"], "--path: must be worst or"),
    "no port": (["mine.py", "--data", "my bars/A.csv", "--port", "0"], "--port must be from 1 to 65535, was 0"),
    "a port that is no number": (["mine.py", "--port", "x"], "invalid value for --port"),
}


@pytest.mark.parametrize(("words", "line"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said_before_anything_is_served(
    words: list[str], line: str, served: list[tuple[str, str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, *words).lower().startswith(line.lower())
    assert served == []


def test_without_the_extra_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    monkeypatch.setitem(sys.modules, "aiohttp.web", None)
    said = told(capsys, "mine.py", "--data", "my bars/A.csv")
    assert said == "this needs an extra that is not installed: pip install 'fillstep[web]'\n"


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://localhost:8000", "http://127.0.0.1:9000"])
def test_another_page_is_not_answered(origin: str | None) -> None:
    server = Server("", host="127.0.0.1", port=8000, title="")
    answer = from_page(server.public_url, server.handle_websocket, Forbidden)
    request = SimpleNamespace(path="/ws", headers={"Origin": origin} if origin else {})
    with pytest.raises(Forbidden):
        asyncio.run(answer(request))
    request.headers["Origin"] = "http://127.0.0.1:8000"
    assert asyncio.run(answer(request)) == "answered /ws"
