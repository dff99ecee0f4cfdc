"""One partition of the signals: its detector, and the alerts not published yet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import ValidationError

from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.options import DetectorOptions
from pipeline.watch.detection.signals import BUCKET_S
from pipeline.watch.detection.signals import Signal as Counted
from pipeline.watch.detection.state import StateError
from pipeline.watch.watermark import WatermarkTracker
from schemas.alert import Alert
from schemas.alerting_state import AlertingState
from schemas.signal import Signal

_DAMAGED: Final = (StateError, KeyError, IndexError, TypeError, ValueError, AttributeError)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class RoleCounts:
    """Counters of the role since its start."""

    signals: int = 0
    unreadable: int = 0
    by_translation: int = 0
    """Signals of comments whose translation was judged; their labels are in no share."""
    alerts: int = 0
    snapshots: int = 0


class Partition:
    """Counts the signals of one partition in order.

    The alerts depend on the signals alone, not on their batches: a bucket is closed by the first
    signal of a later one.
    """

    def __init__(
        self,
        number: int,
        state: AlertingState | None,
        options: DetectorOptions,
        counts: RoleCounts,
        *,
        end: int,
    ) -> None:
        """Set up; ``end`` is the offset after the last signal in the Kafka topic."""
        self.number = number
        self._counts = counts
        self._detector, self.next_offset = _restore_detector(number, state, options)
        if self.next_offset is not None and self.next_offset > end:
            log.error("signal_stream_reset", partition=number)
            self.next_offset = None
        self._watermarks = WatermarkTracker()
        self._closed = 0.0
        self.alerts: list[Alert] = []
        """Alerts not published yet."""
        self.changed = False
        """True if the last snapshot is out of date."""
        self.saved_offset = self.next_offset or 0
        """``next_offset`` of the last snapshot."""
        self.dirty = False
        """True if something was counted since the last evaluation of the open bucket."""

    @property
    def detector(self) -> Detector:
        """The detector; must not be used while :meth:`snapshot` runs."""
        return self._detector

    @property
    def has_open_buckets(self) -> bool:
        """True if signals of a bucket have arrived that is not closed yet."""
        return self._watermarks.highest // BUCKET_S > self._closed

    def consume(self, records: Sequence[Any], *, behind: bool) -> None:
        """Count consecutive records; those counted before are skipped."""
        signals: list[Counted] = []
        for record in records:
            if self.next_offset is not None and record.offset < self.next_offset:
                continue
            self.next_offset = record.offset + 1
            self.changed = self.dirty = True
            signal = self._read(record)
            if signal is None:
                continue
            # A connector with a fast clock must not make all other feedback late.
            at = min(signal.at, record.timestamp / 1000)
            if not signal.backfill and self._watermarks.observe(at):
                self._add(signals)
                signals = []
                self.advance(self._watermarks.watermark(behind=behind))
            signals.append(signal)
        self._add(signals)

    def close_due_buckets(self, *, behind: bool) -> None:
        """Close the buckets that the signals so far allow to close."""
        self.advance(self._watermarks.watermark(behind=behind))

    def advance(self, watermark: float) -> None:
        """Advance the watermark to ``watermark``, Unix time (s)."""
        closed = watermark // BUCKET_S
        if closed > self._closed:
            self._closed = closed
            self.changed = True
            self.alerts += self._detector.advance(watermark)

    def evaluate_open_bucket(self) -> None:
        """Test whether the open bucket is a spike already."""
        self.dirty = False
        alerts = self._detector.evaluate_open_bucket()
        self.alerts += alerts
        self.changed = self.changed or bool(alerts)

    def snapshot(self) -> AlertingState:
        """Return the state; takes some milliseconds for a thousand keys."""
        return AlertingState(
            partition=self.number,
            next_offset=self.next_offset or 0,
            state=self._detector.to_bytes(),
        )

    def mark_saved(self, state: AlertingState, alerts: Sequence[Alert]) -> None:
        """Record that a snapshot is committed, with its alerts."""
        del self.alerts[: len(alerts)]
        self.saved_offset = state.next_offset
        self.changed = False
        self._counts.alerts += len(alerts)
        self._counts.snapshots += 1

    def _add(self, signals: list[Counted]) -> None:
        if signals:
            self._detector.add(signals)
            self._counts.signals += len(signals)

    def _read(self, record: Any) -> Counted | None:
        try:
            signal = Signal.from_payload(record.value or b"")
        except ValidationError:
            self._counts.unreadable += 1
            log.error(
                "signal_unreadable",
                partition=self.number,
                offset=record.offset,
                reason="it is not a valid signal",
            )
            return None
        self._counts.by_translation += signal.by_translation
        return Counted(
            signal.event_id,
            signal.at.timestamp(),
            signal.site,
            signal.source,
            signal.topics,
            signal.negative,
            signal.scored,
            signal.urgent,
            signal.backfill,
            signal.words,
            signal.negative_topics,
        )


def _restore_detector(
    number: int, state: AlertingState | None, options: DetectorOptions
) -> tuple[Detector, int | None]:
    if state is None:
        return Detector(options), None
    try:
        return Detector.from_bytes(state.state, options), state.next_offset
    except _DAMAGED as error:
        # Without the state some alerts are late or repeated; without a worker none are sent.
        reason = str(error) if isinstance(error, StateError) else "it is damaged"
        log.error("alerting_state_lost", partition=number, reason=reason)
        return Detector(options), None
