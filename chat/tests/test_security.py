"""Who may connect, in whose name they speak, and what the page does with what they say."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from itertools import chain
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from django.conf import settings
from playwright.async_api import expect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat.shares import TOO_MANY
from chat.tests.conftest import PASSWORD

SAID = {"message": "olá", "message2": ""}
ELSEWHERE = [
    "http://evil.example",
    "http://127.0.0.1:1",
    "ftp://{}",
    "https://{}",
    "http://[",
    "null",
]
ATTACK = '<img src="x" onerror="document.title = 1"><b>olá</b>'


def chat(server, **options):
    return connect(f"ws://{server}/ws/socket-server/", proxy=None, **options)


def new_name():
    return f"ana-{uuid4().hex[:8]}"


@pytest.mark.asyncio
async def test_a_page_of_this_site_may_connect(server):
    async with asyncio.timeout(20), chat(server, origin=f"http://{server}"):
        pass


@pytest.mark.asyncio
@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_a_page_of_another_origin_may_not(server, origin):
    with pytest.raises(InvalidStatus) as refused:
        async with asyncio.timeout(20), chat(server, origin=origin.format(server)):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.asyncio
async def test_behind_a_proxy_with_tls_only_its_https_page_may_connect(server):
    proxied = {"X-Forwarded-Proto": "https"}
    async with (
        asyncio.timeout(20),
        chat(server, origin=f"https://{server}", additional_headers=proxied),
    ):
        pass
    with pytest.raises(InvalidStatus) as refused:
        async with (
            asyncio.timeout(20),
            chat(server, origin=f"http://{server}", additional_headers=proxied),
        ):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.asyncio
async def test_the_author_is_the_account_never_what_the_client_says(server, visitor):
    name = new_name()
    ana = await asyncio.to_thread(visitor().sign_up, name)
    async with asyncio.timeout(10), chat(server, additional_headers=ana.headers) as client:
        await client.send(json.dumps(SAID))
        assert json.loads(await client.recv())["author"] == name
        await client.send(json.dumps(SAID | {"author": "admin"}))
        assert json.loads(await client.recv())["code"] == "unknown-key"


@pytest.mark.parametrize("name", ["visitante", "\u0430dmin", "ana\u3164"])
def test_a_name_that_misleads_is_refused(visitor, name):
    assert visitor().sign_up(name).cookie("sessionid") is None


@pytest.mark.asyncio
async def test_a_logout_ends_the_open_socket(server, visitor):
    ana = await asyncio.to_thread(visitor().sign_up, new_name())
    async with chat(server, additional_headers=ana.headers) as client:
        await asyncio.to_thread(ana.post, "/logout/")
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(20):
                await client.recv()
        assert closed.value.rcvd.code == 4401


@pytest.mark.asyncio
async def test_what_somebody_writes_is_text_in_the_page(page):
    await page.goto("/")
    await page.get_by_role("link", name="test", exact=True).click()
    await page.get_by_label("Mensagem", exact=True).fill(ATTACK)
    await page.get_by_role("button", name="Enviar").click()
    await expect(page.get_by_role("log")).to_contain_text(ATTACK)
    assert await page.title() == "test"


@pytest.mark.asyncio
async def test_the_policy_stops_a_script_that_got_into_the_page(page):
    await page.goto("/")
    await page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", ATTACK)
    await page.wait_for_timeout(300)
    assert await page.title() == "Chat"


async def status_of(server, request, *headers):
    """The status of the answer to an HTTP request, which may come before the request's end."""
    reader, writer = await asyncio.open_connection(*server.split(":"))
    try:
        writer.write("\r\n".join([request, f"Host: {server}", *headers, "\r\n"]).encode())
        async with asyncio.timeout(20):
            return int((await reader.readline()).split()[1])
    finally:
        writer.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 300000000"],
        ["Transfer-Encoding: chunked", "", f"{10**6:x}", "x" * 10**6],
    ],
    ids=["announced", "streamed"],
)
async def test_a_body_that_no_form_sends_is_refused_before_it_is_there(server, headers):
    assert await status_of(server, "POST /static/chat/chat.js HTTP/1.1", *headers) == 413


@pytest.mark.asyncio
async def test_a_path_out_of_the_static_files_leads_nowhere(server):
    assert await status_of(server, "GET /static/../manage.py HTTP/1.1") == 404


def socket(server, visitor):
    return chat(server, additional_headers=visitor.headers)


async def codes(client, count):
    """The codes of the answers to so many bad frames, sent at once."""
    for _ in range(count):
        await client.send("não é JSON")
    return [json.loads(await client.recv())["code"] for _ in range(count)]


@pytest.mark.asyncio
async def test_with_more_sockets_an_account_may_not_say_more(server, visitor):
    ana, bia = [await asyncio.to_thread(visitor().sign_up, new_name()) for _ in range(2)]
    async with asyncio.timeout(40), AsyncExitStack() as stack:
        enter = stack.enter_async_context
        sockets = [await enter(socket(server, ana)) for _ in range(settings.CHAT_SOCKETS)]
        told = await asyncio.gather(*[codes(client, settings.CHAT_BURST) for client in sockets])
        assert "too-fast" in chain(*told)
        assert await codes(await enter(socket(server, bia)), 1) == ["not-json"]


@pytest.mark.asyncio
async def test_an_account_has_a_bound_on_its_sockets(server, visitor):
    ana = await asyncio.to_thread(visitor().sign_up, new_name())
    async with asyncio.timeout(40), AsyncExitStack() as stack:
        enter = stack.enter_async_context
        sockets = [await enter(socket(server, ana)) for _ in range(settings.CHAT_SOCKETS)]
        one_more = await enter(socket(server, ana))
        await one_more.wait_closed()
        assert one_more.close_code == TOO_MANY
        await sockets[0].close()
        answers = None
        while answers is None:  # until the server has noticed
            with suppress(ConnectionClosed):
                answers = await codes(await enter(socket(server, ana)), 1)
        assert answers == ["not-json"]


def test_who_guesses_a_password_waits_and_its_owner_does_not(server, visitor):
    name = new_name()
    ana, stranger = visitor().sign_up(name), visitor()
    for somebody in (ana, stranger):
        somebody.get("/login/")
    for _ in range(10):
        stranger.post("/login/", username=name, password="")
    with pytest.raises(HTTPError) as refused:
        stranger.post("/login/", username=name, password=PASSWORD)
    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) <= 5 * 60
    assert "Tente de novo em" in refused.value.read().decode()
    assert stranger.post("/login/", username=new_name(), password=PASSWORD).status == 200
    ana.opener.addheaders.append(("X-Forwarded-For", "203.0.113.7"))  # from elsewhere
    page = ana.post("/login/", username=name, password=PASSWORD)
    assert page.url == f"http://{server}/"
