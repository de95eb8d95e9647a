"""Servers for tests, one for each runtime, and how long each test took."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator

import pytest
from orrery import NEWEST, Runtime, Server

# Ends whatever opens SQLite, and says so: Airflow has no database here.
NO_DATABASE = {"_ORRERY_FORBID_DB": "1"}


@pytest.fixture
def serve(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Server]]:
    """Gives a server of a runtime, not started yet; it is ended after the test."""
    servers: list[Server] = []

    def make(version: str = NEWEST, **env: str) -> Server:
        folder = tmp_path / f"server{len(servers)}"
        folder.mkdir()
        server = Server(folder, Runtime(version), env={**NO_DATABASE, **env})
        servers.append(server)
        return server

    try:
        yield make
    finally:
        for server in servers:
            server.stop()
