import pytest

from pipeline.kafka import clients
from pipeline.kafka.clients import faust_brokers
from pipeline.settings import KafkaConnection


@pytest.mark.parametrize("servers", ["a:9092, b:9093,", " a ,b:9093", "a:9092,,b:9093"])
def test_every_client_gets_the_servers_without_blanks_and_empty_ones(servers: str) -> None:
    connection = KafkaConnection(servers)
    assert faust_brokers(connection) == ["kafka://a:9092", "kafka://b:9093"]
    for options in (clients._sync_options(connection), clients._async_options(connection)):
        assert options["bootstrap_servers"] == ["a:9092", "b:9093"]


def test_an_ipv6_address_keeps_its_brackets() -> None:
    connection = KafkaConnection("[::1]:9094")
    assert faust_brokers(connection) == ["kafka://[::1]:9094"]
    assert clients._sync_options(connection)["bootstrap_servers"] == ["[::1]:9094"]
