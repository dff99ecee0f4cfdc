"""The partitioner: Kafka's own choice, so that other clients that write the same key agree.

Austin Appleby's MurmurHash2 with the seed of Kafka's clients. aiokafka and kafka-python have
it too, byte by byte, which takes several times as long per record.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import unpack_from

SEED = 0x9747B28C
M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def partition_for_key(key: bytes, partitions: int) -> int:
    """Return the partition of a key, from 0 to ``partitions`` - 1."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partitions_for_keys(keys: Sequence[bytes], partitions: int) -> list[int]:
    """Return the partition of each key."""
    return [partition_for_key(key, partitions) for key in keys]


def murmur2(data: bytes) -> int:
    """Return the MurmurHash2 of the bytes, unsigned, 32 bits."""
    length = len(data)
    h = SEED ^ length
    for word in unpack_from(f"<{length >> 2}I", data):
        k = (word * M) & _MASK
        h = (h * M ^ (k ^ k >> 24) * M) & _MASK
    rest = length & 3
    if rest:
        h = (h ^ int.from_bytes(data[-rest:], "little")) * M & _MASK
    h = (h ^ h >> 13) * M & _MASK
    return h ^ h >> 15
