"""Socket options as the connection machine's configuration."""

import socket

from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.sim.options import DEFAULT_RECEIVE_BYTES, SOL, TCP, SocketOptions

MS = 1_000_000
SECOND = 1_000_000_000
INITIAL_RECEIVE_BYTES = 65_535


def tcp_config(options: SocketOptions) -> TcpConfig:
    """The configuration that ``options`` ask for; the stack adds the path's segment size."""
    receive_bytes = options.get(SOL, socket.SO_RCVBUF)
    chosen = receive_bytes != DEFAULT_RECEIVE_BYTES
    user_timeout_ms = options.get(TCP, socket.TCP_USER_TIMEOUT)
    return TcpConfig(
        send_buffer_bytes=options.get(SOL, socket.SO_SNDBUF),
        # A buffer that was set does not grow; otherwise it begins small and is tuned.
        receive_buffer_bytes=receive_bytes // 2 if chosen else INITIAL_RECEIVE_BYTES,
        receive_buffer_max_bytes=receive_bytes // 2 if chosen else 2 * DEFAULT_RECEIVE_BYTES,
        congestion="newreno" if options.congestion == b"reno" else "cubic",
        nodelay=options.flag(TCP, socket.TCP_NODELAY),
        cork=options.flag(TCP, socket.TCP_CORK),
        syn_retries=options.get(TCP, socket.TCP_SYNCNT),
        user_timeout_ns=user_timeout_ms * MS or None,
        keepalive=options.flag(SOL, socket.SO_KEEPALIVE),
        keepalive_idle_ns=options.get(TCP, socket.TCP_KEEPIDLE) * SECOND,
        keepalive_interval_ns=options.get(TCP, socket.TCP_KEEPINTVL) * SECOND,
        keepalive_probes=options.get(TCP, socket.TCP_KEEPCNT),
        linger_zero=options.linger == 0,
    )
