"""The emulator with the chat page beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from entrypoints.local.options import DEFAULT_PAGE_PORT, PAGE_FOLDER, ChatOptions
from entrypoints.local.page import Page
from local_aws.emulator import Addresses, port_taken
from local_aws.http_server import HttpServer, Visitors
from local_aws.options import PortTaken
from local_aws.run import run


async def run_chat(options: ChatOptions) -> int:
    """Run the emulator and the page until SIGINT or SIGTERM; return the exit status."""
    return await run(options.emulator, beside=partial(serve_page, options))


@asynccontextmanager
async def serve_page(options: ChatOptions, addresses: Addresses) -> AsyncIterator[list[str]]:
    """Serve the page for as long as the context lasts; yield the line with its address.

    Raises:
        PortTaken: the port that was asked for is not free.

    """
    if not PAGE_FOLDER.is_dir():
        yield []
        return
    visitors = Visitors.of(hosts=options.emulator.allow_hosts, origins=options.emulator.allow_origins)
    page = Page(folder=PAGE_FOLDER, socket_url=next(iter(addresses.apis.values())), visitors=visitors)
    server = await _serve(page, options.page_port)
    try:
        yield [f"Chat page  http://127.0.0.1:{server.port}/"]
    finally:
        server.close()


async def _serve(page: Page, port: int | None) -> HttpServer:
    try:
        wanted = DEFAULT_PAGE_PORT if port is None else port
        with port_taken(wanted, "--page-port"):
            return await page.serve(port=wanted)
    except PortTaken:
        if port is not None:
            raise
        return await page.serve(port=0)
