"""The ``firstbyte`` command and ``python -m firstbyte``."""

import gc
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.disable()  # start-up makes only objects that stay; the trace turns collection on again
    try:
        from firstbyte.cli.shell.entry import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while code was loaded
        code = 130
    gc.freeze()  # or the interpreter, as it ends, looks twice at all that was ever imported
    sys.exit(code)


if __name__ == "__main__":
    main()
