import socket

import pytest

from pipeline.kafka.addresses import any_broker_reachable, parse_addresses


@pytest.mark.parametrize(
    ("servers", "addresses"),
    [
        ("kafka-1:9093", [("kafka-1", 9093)]),
        ("kafka-1, kafka-2:19092,", [("kafka-1", 9092), ("kafka-2", 19092)]),
        ("[::1]:9094", [("::1", 9094)]),
        ("", []),
    ],
)
def test_servers_are_named_as_kafka_names_them(
    servers: str, addresses: list[tuple[str, int]]
) -> None:
    assert parse_addresses(servers) == addresses


def test_one_that_listens_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert any_broker_reachable(f"127.0.0.1:9,127.0.0.1:{port}")
    assert not any_broker_reachable("127.0.0.1:9")
