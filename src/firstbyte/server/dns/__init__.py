"""The authoritative name server of the lab and the tests: zones, views, DNSSEC, AXFR, faults."""
