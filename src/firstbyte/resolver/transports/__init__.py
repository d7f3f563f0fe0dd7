"""Ways to put one question to one server, one file each."""
