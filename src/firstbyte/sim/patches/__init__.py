"""What is replaced in the process while a world runs: clocks, dates, entropy, sockets, threads."""
