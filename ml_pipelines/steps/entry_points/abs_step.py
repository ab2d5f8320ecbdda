"""`abs_step.py <step> --abs-…`: runs abs_steps.<step>. Every step but the ParallelRunStep starts here."""

import importlib
import sys

STEPS = ("stage", "publish", "prepare", "train", "evaluate", "register")


def main() -> int:
    name, *arguments = sys.argv[1:] or [""]
    if name not in STEPS:
        print(f"abs_step.py: {name!r} is none of the steps {', '.join(STEPS)}", file=sys.stderr)
        return 64
    absent = importlib.import_module("abs_steps.absent")
    absent.hide(*absent.FRAMES, *absent.ASYNCIO, *absent.SSH)  # a user's scripts are processes of their own
    errors = importlib.import_module("abs_steps.errors")
    try:
        importlib.import_module(f"abs_steps.{name}").main(arguments)
    except errors.StepError as error:
        # What the step says itself needs no traceback; anything else keeps its own.
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
