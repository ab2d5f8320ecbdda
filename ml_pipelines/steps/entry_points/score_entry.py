"""The ParallelRunStep's entry script, where the driver looks; the work is in abs_steps/score_entry.py."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # a driver need not run where its entry script lies

_entry = import_module("abs_steps.score_entry")
init, run = _entry.init, _entry.run
