"""What a name server can do wrong, one file a fault; ``firstbyte dns authoritative --fault``."""
