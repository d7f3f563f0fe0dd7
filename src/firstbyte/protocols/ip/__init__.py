"""IPv4, IPv6, ICMP, UDP, ARP and neighbour discovery: the wire formats and their rules."""
