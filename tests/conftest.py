"""What all tests share."""

import importlib
import os
import sys

from hypothesis import HealthCheck, Phase, settings

# What surrounds a terminal changes pictures of the screen. Textual reads most of it when it is imported, which the
# plugin that takes the pictures has done already; that plugin's own names it needs.
for _name in list(os.environ):
    if _name == "NO_COLOR" or (_name.startswith("TEXTUAL") and not _name.startswith("TEXTUAL_SNAPSHOT")):
        del os.environ[_name]
if "textual.constants" in sys.modules:
    importlib.reload(sys.modules["textual.constants"])

# A run in CI draws the same inputs each time: one commit is red or green, for everybody, and never red by luck of a
# draw. New inputs are found by the runs of those who work on the project, which draw anew each time and keep what
# failed. No deadline: a slow machine is no bug.
settings.register_profile("ci", max_examples=100, stateful_step_count=100, deadline=None, derandomize=True)
settings.register_profile("local", max_examples=100, stateful_step_count=50, deadline=None)
# `LONG=true pytest`: more than CI has time for.
settings.register_profile("long", max_examples=2_000, stateful_step_count=100, deadline=None)
# For `mutmut`: a few inputs, always the same, and none made smaller: a mutant that fails once is found.
settings.register_profile(
    "mutation",
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_is_long, _is_ci = (os.environ.get(name) == "true" for name in ("LONG", "CI"))
settings.load_profile("long" if _is_long else "ci" if _is_ci else "local")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes test at once: the tests of the screen wait most of their time, for the screen."""
    return 2 * (os.cpu_count() or 1)
