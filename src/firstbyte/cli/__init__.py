"""The command line: one module a command.

Each module here whose name has no underscore is a command: it holds a ``click.Command`` named
``command``, and its file's name is the command's. Adding a command is adding its file. Modules
with an underscore are parts of a command (``dns_serve`` of ``dns``); ``cli.shell`` holds what all
commands share. A command module imports the rooms that it needs inside its functions, so that
``--help`` and ``--version`` load no protocol library.
"""
