"""Pure protocol machines: bytes, time and entropy in; events, bytes and the next deadline out.

Nothing here imports asyncio, socket, ssl, time, random, os or secrets; tests/test_layering.py
says so.
"""
