"""The event loop: asyncio's own selector loop over virtual time and simulated sockets.

Transports, servers, TLS, ``sock_*`` and Happy Eyeballs are asyncio's own code, unchanged: below
them are simulated sockets with the kernel's non-blocking behaviour, and a selector that moves
the virtual clock instead of sleeping. So exceptions, flow control and the order of callbacks are
those of the real loop by construction.
"""

import asyncio
import functools
import selectors
import socket
from collections import deque
from collections.abc import Callable, MutableMapping
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVarTuple

from firstbyte.sim import names
from firstbyte.sim.agenda import Agenda
from firstbyte.sim.clock import NS_PER_S, Clock, to_ns
from firstbyte.sim.current import HOST, current_host
from firstbyte.sim.errors import Deadlock
from firstbyte.sim.selector import Ready, SimSelector
from firstbyte.sim.sockets import open_socket
from firstbyte.sim.standstill import Standstill
from firstbyte.sim.system import SimSystem, WorldSystem
from firstbyte.sim.tasks import TaskTable
from firstbyte.sim.timers import SimTimer, deadline_ns
from firstbyte.sim.waiting import describe_threads, describe_waiting
from firstbyte.sim.workers import Errand, Worker, quiet_pools

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

Ts = TypeVarTuple("Ts")

SIGNALS = (
    "signals inside the private internet: they come from outside of it "
    "(call what should happen yourself, by loop.call_later)"
)
SUBPROCESSES = (
    "subprocesses inside the private internet: they would live outside of virtual time "
    "(give their work to a thread, or to a program of another host)"
)
PIPES = "pipes inside the private internet: they lead out of it (socket.socketpair() does not)"


class SimLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop whose time is virtual and whose network is simulated."""

    if TYPE_CHECKING:
        # Private, but the same in Python 3.11 to 3.13; typeshed does not show them.
        _ready: deque[Any]
        _transports: MutableMapping[int, asyncio.Transport | asyncio.DatagramTransport]
        _check_closed: Callable[[], None]
        _stopping: bool
        _debug: bool
        _closed: bool

    def __init__(self, clock: Clock, agenda: Agenda) -> None:
        self._clock = clock
        self._agenda = agenda
        self._fired: list[SimTimer] = []
        self.host_tasks = TaskTable()
        self._is_paused: Callable[[Any], bool] | None = None
        self._parked: list[Any] = []
        self._standing: list[Standstill] = []
        """Blocking calls that are under way; only the last can return."""
        self._workers: list[Worker] = []
        """Threads that are blocked, in the order in which they blocked."""
        self._sim_selector = SimSelector(clock, agenda)
        self._sim_selector.has_work = self._has_work
        self._sim_selector.on_idle = self._raise_deadlock
        super().__init__(self._sim_selector)

    @property
    def firstbyte_system(self) -> SimSystem | WorldSystem:
        """The machine that the running code is on, for ``net.system.current``."""
        host = HOST.get()
        return WorldSystem(self._clock) if host is None else host.system

    # --- time -----------------------------------------------------------------------------------

    def time(self) -> float:
        """Virtual seconds since the world began."""
        return self._clock.now_ns / NS_PER_S

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As everywhere, at less cost: it is called twice for each segment that is read."""
        if self._debug or self._closed:
            return super().call_soon(callback, *args, context=context)
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call at virtual time ``when`` (seconds); equal times run in the order of the calls."""
        return self._schedule(deadline_ns(when), callback, args, context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call ``delay`` seconds from now, exact to the nanosecond."""
        if delay is None:
            raise TypeError("delay must not be None")
        at_ns = self._clock.now_ns + max(0, to_ns(delay))
        return self._schedule(at_ns, callback, args, context)

    def _schedule(
        self,
        at_ns: int,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None,
    ) -> SimTimer:
        self._check_closed()
        timer = SimTimer(at_ns, callback, args, self, context)
        timer.schedule(self._agenda, at_ns, self._fired.append)
        return timer

    def _run_once(self) -> None:
        if self._debug:
            super()._run_once()  # type: ignore[misc]
            return
        # The same without asyncio's heap of timers: ours are on the agenda.
        ready = self._ready
        event_list = self._sim_selector.select(0 if ready or self._stopping else None)
        self._process_events(event_list)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001 - the real loop does the same
                handle._run()  # noqa: SLF001

    def _process_events(self, event_list: Ready) -> None:
        # Sockets first, timers after: the real loop's order within one iteration.
        if event_list:
            super()._process_events(event_list)  # type: ignore[misc]
        if self._fired:
            self._ready.extend(self._fired)
            self._fired.clear()
        if self._sim_selector.is_held is not None:
            self._park()
        if self._workers:
            self._let_workers_go_on()

    def _let_workers_go_on(self) -> None:
        for worker in [one for one in self._workers if self._can_go_on(one)]:
            # One that ran before it may have ended it.
            if worker in self._workers:
                self._workers.remove(worker)
                worker.go_on()
                self._remember(worker)

    def _can_go_on(self, worker: Worker) -> bool:
        if self._is_paused is not None and self._is_paused(worker.host):
            return False
        return worker.call is not None and worker.call.is_over()

    # --- programs that stand still --------------------------------------------------------------

    def set_paused(self, is_paused: Callable[[Any], bool] | None) -> None:
        """Whether callbacks of a host must wait; None while no host is paused.

        Let all that were held back run; those of hosts still paused wait again.
        """
        self._is_paused = is_paused
        self._hold_who_must_wait()

    def _hold_who_must_wait(self) -> None:
        holding = self._is_paused is not None or self._standing
        self._sim_selector.is_held = self._holds_key if holding else None
        self._ready.extend(self._parked)
        self._parked.clear()

    def _holds(self, context: Context) -> bool:
        host = context.get(HOST)
        if self._is_paused is not None and self._is_paused(host):
            return True
        return any(one.holds(host, context) for one in self._standing)

    def _holds_key(self, key: selectors.SelectorKey) -> bool:
        return all(
            handle is None or self._holds(handle._context)  # noqa: SLF001 - no public way
            for handle in key.data
        )

    def _park(self) -> None:
        """Hold back the callbacks of hosts that stand still, in their order."""
        handles = list(self._ready)
        self._ready.clear()
        for handle in handles:
            held = self._holds(handle._context)  # noqa: SLF001 - no public way
            (self._parked if held else self._ready).append(handle)

    def _has_work(self) -> bool:
        if self._ready or self._fired:
            return True
        if not (self._standing or self._workers):
            return False
        if self._standing and self._standing[-1].is_over():
            return True
        return any(self._can_go_on(one) for one in self._workers)

    def block(self, is_ready: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Stand still inside the running callback until ``is_ready``; False: the time came first.

        Meanwhile the world goes on, but for the running host's programs: a blocking call blocks
        its whole process. When several hosts stand still in callbacks of theirs, the last one
        goes on first, for they share one stack; and a run ends only when nobody stands still.
        """
        if is_ready():
            return True
        task = asyncio.current_task(self)
        call = Standstill(HOST.get(), is_ready, self._clock)
        entry = None if timeout_s is None else call.limit(self._agenda, timeout_s)
        stopping = False
        counted = len(self._ready)
        self._standing.append(call)
        self._hold_who_must_wait()
        if task is not None:
            asyncio.tasks._leave_task(self, task)  # noqa: SLF001
        try:
            while not call.is_over():
                # A loop that is to stop does so when this callback has returned; not before.
                stopping, self._stopping = stopping or self._stopping, False
                self._run_once()
        finally:
            if task is not None:
                asyncio.tasks._enter_task(self, task)  # noqa: SLF001
            self._standing.pop()
            self._stopping = stopping or self._stopping
            if entry is not None:
                self._agenda.cancel(entry)
            self._hold_who_must_wait()
            # The turn that was interrupted has counted its callbacks: it must find as many.
            missing = counted - len(self._ready)
            self._ready.extendleft(self._spent() for _ in range(missing))
        return is_ready()

    def _spent(self) -> asyncio.Handle:
        handle = asyncio.Handle(print, (), self)
        handle.cancel()
        return handle

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """As everywhere; the task is noted as its host's."""
        task: asyncio.Task[Any] = super().create_task(coro, **options)
        self.host_tasks.add(task, options.get("context"))
        return task

    def describe_waiting(self) -> str:
        """A line for each task and each thread that waits."""
        return describe_waiting(self, self.host_tasks) + describe_threads(self._workers)

    def _raise_deadlock(self) -> None:
        raise Deadlock(
            "nothing is ready and nothing is scheduled: the world would sleep for ever\n"
            + self.describe_waiting()
        )

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """As everywhere, but for Python 3.11's streams, which report a cancelled handler here."""
        if not isinstance(context.get("exception"), asyncio.CancelledError):
            super().call_exception_handler(context)

    def __del__(self) -> None:
        """An unclosed loop leaks nothing here: no pipe, no selector of the machine's."""

    def transports(self) -> list[asyncio.Transport | asyncio.DatagramTransport]:
        """Those that are alive and directly on sockets."""
        return [one for one in self._transports.values() if getattr(one, "_sock", None) is not None]

    def abort_transports(self) -> None:
        """Abort every transport that is still open: the world ends."""
        for transport in self.transports():
            transport.abort()

    # --- threads: they take turns with the loop, so nobody has to wake it ------------------------

    def _make_self_pipe(self) -> None:
        """No pipe: ``select`` never sleeps."""

    def _close_self_pipe(self) -> None:
        """No pipe."""

    def _write_to_self(self) -> None:
        """No pipe."""

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run ``func`` at the loop's next turn, in the same order every time.

        It takes no virtual time, unless it blocks (``time.sleep``, a blocking socket). There is
        no limit of functions that block at once.
        """
        del executor
        self._check_closed()
        if func is socket.getaddrinfo:
            return self.create_task(self.getaddrinfo(*args))
        future: asyncio.Future[Any] = self.create_future()
        # As in a thread of a pool: an empty context, but for the host.
        context = Context()
        context.run(HOST.set, HOST.get())
        call = functools.partial(context.run, func, *args)
        self.call_soon(self._execute, future, call)
        return future

    def _execute(self, future: asyncio.Future[Any], call: Callable[[], Any]) -> None:
        if not future.cancelled():
            errand = Errand(self, self._clock, self._agenda, future)
            errand.start(HOST.get(), call)
            self._remember(errand)

    def _remember(self, worker: Worker) -> None:
        if worker.call is None:
            return
        self._workers.append(worker)
        if worker.host is not None and not worker.host.up:
            # The thread itself has crashed its host.
            self.end_workers(f"{worker.host.name} has crashed", worker.host)

    def new_worker(self, host: "Host | None") -> Worker:
        """For a thread that a program of ``host`` starts: it has its first turn soon."""
        worker = Worker(self, self._clock, self._agenda, host)
        self._workers.append(worker)
        return worker

    def forget_worker(self, worker: Worker) -> None:
        """Its thread could not be started."""
        self._workers.remove(worker)

    def end_workers(self, reason: str, host: "Host | None" = None) -> None:
        """Threads (of ``host``, or all) that wait fail where they are, for ``reason``."""
        with quiet_pools():
            for worker in [one for one in self._workers if host in {None, one.host}]:
                self._workers.remove(worker)
                worker.end(reason)

    # --- names ----------------------------------------------------------------------------------

    async def getaddrinfo(  # type: ignore[override]
        self,
        host: str | bytes | None,
        port: str | bytes | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name
        proto: int = 0,
        flags: int = 0,
    ) -> list[names.AddressInfo]:
        """Answered by the host: literals, its hosts file, then its name servers."""
        query = names.Query(host, port, family, type, proto, flags)
        return await names.lookup(current_host(), query)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        """The name of an address, from the world's table, or the address as text."""
        return names.reverse(current_host(), sockaddr, flags)

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """As everywhere, for the world's own sockets: others would leave it.

        Raises ``ValueError`` for a socket of the machine.
        """
        open_socket(sock.fileno())
        await super().sock_connect(sock, address)

    # --- what a private internet has not --------------------------------------------------------

    def _refuse(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"no {what}")

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Refused: signals come from outside of the world."""
        raise self._refuse(SIGNALS)

    def remove_signal_handler(self, sig: int) -> bool:
        """Refused: there can be none."""
        raise self._refuse(SIGNALS)

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: a process would live outside of virtual time."""
        raise self._refuse(SUBPROCESSES)

    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: a process would live outside of virtual time."""
        raise self._refuse(SUBPROCESSES)

    async def connect_read_pipe(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: pipes lead out of the world."""
        raise self._refuse(PIPES)

    async def connect_write_pipe(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: pipes lead out of the world."""
        raise self._refuse(PIPES)

    async def _sock_sendfile_native(self, *_: Any) -> int:
        # sendfile(2) would write to the idle descriptor that stands for the socket.
        raise asyncio.SendfileNotAvailableError("no sendfile(2) inside the private internet")
