"""Elasticsearch is away: enrichment goes on, the index role waits, and nothing is lost."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.settings import Settings
from pipeline.streams.lag import count_waiting_records
from pipeline.streams.roles import Role
from tests.support.pipeline import comments, count_documents, publish, wait_until

Start = Callable[..., subprocess.Popen[bytes]]


def test_elasticsearch_away_stops_indexing_only(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    publish(settings, comments("away", 500))
    roles = ("--role", "enrich", "--role", "index")
    worker = start_worker(*roles, FEEDBACK_ELASTICSEARCH_URL=f"http://127.0.0.1:{port}")
    log = tmp_path / "worker-0.log"
    wait_until(
        lambda: count_waiting_records(settings, [Role.ENRICH]) == 0, seconds=60, what="all enriched"
    )
    wait_until(lambda: b"writing to Elasticsearch" in log.read_bytes(), seconds=30, what="a wait")
    assert (count_waiting_records(settings, [Role.INDEX]) or 0) >= 500
    assert count_documents(settings, "away") == 0
    with door(port, settings.elasticsearch_url):
        wait_until(lambda: count_documents(settings, "away") == 500, seconds=60, what="all indexed")
        worker.terminate()
        assert worker.wait(30) == 0


@contextmanager
def door(port: int, url: str) -> Iterator[None]:
    """Until now nothing listened at ``port``; from now on it leads to ``url``."""
    target = urlsplit(url)
    loop = asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

    async def listen() -> None:
        async with await asyncio.start_server(lead, "127.0.0.1", port) as server:
            await server.serve_forever()

    task = loop.create_task(listen())

    def serve() -> None:
        with closing_loop(loop):
            loop.run_until_complete(asyncio.wait([task]))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)


@contextmanager
def closing_loop(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Close the loop with whatever connections are still open."""
    try:
        yield
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()
