"""A small site on 127.0.0.1 with its own DNS server and its own CA, and with known delays.

``python -m firstbyte.lab.loopback [OPTIONS]`` starts it, traces it with those options, and ends.
The delays are the servers' (loopback itself has none), so every phase's truth is known.
"""
