"""The screen in a browser: what is served, to whom, and what is said where it cannot be."""

import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from core.errors import InputError

HOST: Final = "127.0.0.1"
"""Reached by programs of the same machine only: whoever reaches it can press every key."""
PORT: Final = 8000
_MOST_PORT: Final = 65_535


def command_of(words: Sequence[str]) -> str:
    """Return the command that opens the app, for a shell, as each page that is opened runs it.

    Args:
        words: What `fillstep open` is told.

    >>> command_of(["my strategy.py", "--data", "A.csv"]).partition(" -m ")[2]
    "tui open 'my strategy.py' --data A.csv"
    """
    return shlex.join((sys.executable, "-m", "tui", "open", *words))


def serve(words: Sequence[str], host: str, port: int) -> None:
    """Serve the app until it is interrupted.

    Args:
        words: What `fillstep open` is told.
        host: The address that is listened on, and under which the page is opened.
        port: From 1 to 65535.

    Raises:
        InputError: The extra that serves is not installed, or there is no such port.
    """
    if not 0 < port <= _MOST_PORT:
        raise InputError(f"--port must be from 1 to {_MOST_PORT}, was {port}")
    try:
        from aiohttp.web import HTTPForbidden  # noqa: PLC0415 - an extra that may not be installed
        from textual_serve.server import Server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError("this needs an extra that is not installed: pip install 'fillstep[web]'") from error

    server = Server(command_of(words), host=host, port=port, title="Fillstep")
    server.handle_websocket = from_page(server.public_url, server.handle_websocket, HTTPForbidden)
    server.serve()


def from_page(
    page: str, handle: Callable[[Any], Awaitable[Any]], refusal: Callable[[], Exception]
) -> Callable[[Any], Awaitable[Any]]:
    """Return a handler that answers the page that was served, and no other that is open in the same browser.

    Args:
        page: The address of the page.
        handle: Answers a request.
        refusal: Makes the error for any other page.
    """

    async def answer(request: Any) -> Any:
        if request.headers.get("Origin") != page:
            raise refusal()
        return await handle(request)

    return answer
