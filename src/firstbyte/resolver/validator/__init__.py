"""DNSSEC: what is proved, what is proved to be unsigned, and which link of the chain is broken."""
