"""The ``firstbyte`` command and ``python -m firstbyte``."""

import gc
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.disable()  # start-up makes only objects that stay; the trace turns collection on again
    from firstbyte.cli.shell.entry import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
