"""Iterative resolution without I/O: questions in; questions to send, answers and deadlines out.

``machine.Machine`` is the door. Inside, resolution is written as coroutines that await *effects*
(``scheduler``): one exchange with a server, or the end of another task. Time is given with each
call, randomness with a function, so the same code runs on a kernel's sockets, in virtual time and
against a script.
"""
