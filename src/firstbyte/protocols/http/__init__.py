"""HTTP/1 and HTTP/2 as pure machines (adapters over h11 and h2), and content codings."""
