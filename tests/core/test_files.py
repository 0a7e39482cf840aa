"""Small files that a person wrote: read whole, or refused without waiting."""

import os
from functools import partial
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.files import read_file, stat_file


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        read_file(str(path), partial(SettingsError, "file"))
    return str(caught.value)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\r\n\0")
    assert read_file(str(tmp_path / "a"), partial(SettingsError, "a")) == b"a\r\n\0"


def test_what_is_no_file_is_refused_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "none") == "file: cannot be read: no such file or directory"
    assert refusal(tmp_path) == "file: must be a file, was a folder"
    assert refusal(tmp_path / "pipe") == "file: must be a file, was a pipe or a device"
    assert refusal(Path("/dev/zero")) == "file: must be a file, was a pipe or a device"
    assert refusal(tmp_path / "a\0b").startswith("file: cannot be read: ")


def test_what_the_system_says_of_a_file_is_refused_likewise(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert stat_file(str(tmp_path / "a"), partial(SettingsError, "a")).st_size == 3
    with pytest.raises(SettingsError, match="must be a file, was a folder"):
        stat_file(str(tmp_path), partial(SettingsError, "a"))
