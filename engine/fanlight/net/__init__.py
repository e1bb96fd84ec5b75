"""Sockets, TLS, tasks, threads and clocks: the only place that has them."""
