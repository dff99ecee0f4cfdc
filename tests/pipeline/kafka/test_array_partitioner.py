"""Many keys at once get the partitions that they get one by one."""

import os

import pytest

from pipeline.kafka.array_partitioner import partitions_for_many_keys
from pipeline.kafka.partitioner import partitions_for_keys


@pytest.mark.parametrize("count", [0, 1, 39, 40, 500])
@pytest.mark.parametrize("length", [0, 4, 31, 32, 64])
def test_a_key_has_the_same_partition_among_many(count: int, length: int) -> None:
    keys = [os.urandom(length) for _ in range(count)]
    for partitions in (1, 3, 6, 1_000):
        assert partitions_for_many_keys(keys, partitions) == partitions_for_keys(keys, partitions)


def test_keys_may_differ_in_length() -> None:
    keys = [os.urandom(length) for length in range(100)]
    assert partitions_for_many_keys(keys, 6) == partitions_for_keys(keys, 6)
