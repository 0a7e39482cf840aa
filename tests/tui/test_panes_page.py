"""What docs/panes.md says is enough to add a pane is enough."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/panes.md"
LOOK = """
import asyncio
from tui.app import FillstepApp
from tui.sample import make_sample

async def look():
    app = FillstepApp(make_sample())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("9")
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        print("\\n".join("".join(segment.text for segment in strip) for strip in strips))

asyncio.run(look())
"""


def test_a_pane_is_added_by_the_two_files_of_the_page(tmp_path: Path) -> None:
    pane, listed = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    shutil.copytree(ROOT / "tui", tmp_path / "tui", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    (tmp_path / "tui/panes/exposure.py").write_text(pane)
    with (tmp_path / "tui/panes/__init__.py").open("a") as names:
        names.write(listed)
    shown = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "9 Exposure" in shown
    assert re.search(r"│\s*\w+ +[\d,]+\.\d\d", shown.partition("9 Exposure")[2])
