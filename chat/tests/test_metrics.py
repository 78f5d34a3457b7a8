"""What a server counts, and whom it tells."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chat.tests.test_deploy import client  # noqa: F401 - a fixture
from chat.tests.test_history import ask, chat, hear

SCRAPER = {"METRICS_ALLOW_IPS": "127.0.0.1,10.0.0.0/8"}


def figures(visitor):
    """What the server tells: the value of each sample, by its name and its labels' values."""
    text = visitor.get("/metrics/").text
    samples = (sample for each in text_string_to_metric_families(text) for sample in each.samples)
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


@pytest.mark.asyncio
async def test_it_tells_who_is_there_what_was_said_and_what_was_refused(client):  # noqa: F811
    with client(**SCRAPER) as visitor:
        address = visitor.base_url.netloc.decode()
        async with asyncio.timeout(30), chat(address) as ana, chat(address) as bia:
            for text in ("um", "dois"):
                await ask(ana, message=text, message2="", client_id=text)
                await hear(ana, "confirm")
                await hear(bia, "chat")
            await ana.send("{")
            assert (await hear(ana, "error"))["code"] == "not-json"
            with pytest.raises(InvalidStatus):
                async with connect(
                    f"ws://{address}/ws/socket-server/", origin="http://evil.example"
                ):
                    pass
            told = await asyncio.to_thread(figures, visitor)
            assert told["chat_connections"] == 2
            assert told["chat_rooms"] == 1
            assert told["chat_messages_total"] == 2
            assert told["chat_deliveries_total"] == 4
            assert told["chat_refusals_total not-json"] == 1
            assert told["chat_refusals_total origin"] == 1
            assert told["chat_backlog_bytes"] == 0
            assert told["chat_commit_seconds_count"] == 2


@pytest.mark.parametrize(
    "status, asks", [(200, "127.0.0.1"), (200, "10.9.8.7"), (404, "203.0.113.9")]
)
def test_only_those_may_ask_who_are_named(client, status, asks):  # noqa: F811
    with client(**SCRAPER, ALLOWED_HOSTS="chat.example") as visitor:
        assert visitor.get("/metrics/", headers={"X-Forwarded-For": asks}).status_code == status


def test_without_the_variable_there_is_no_such_page(client):  # noqa: F811
    with client() as visitor:
        assert visitor.get("/metrics/").status_code == 404
