"""How fast minictl is, measured from outside over TLS, on a server with a real SQLite file: `python -m benchmarks`."""
