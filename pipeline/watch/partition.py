"""One partition of the signals: its detector, and what it found that is not yet published. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import ValidationError

from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.options import Options
from pipeline.watch.detection.signals import BUCKET_S
from pipeline.watch.detection.signals import Signal as Counted
from pipeline.watch.detection.state import StateError
from pipeline.watch.watermark import Clock
from schemas.alert import Alert
from schemas.alerting_state import AlertingState
from schemas.signal import Signal

_DAMAGED: Final = (StateError, KeyError, IndexError, TypeError, ValueError, AttributeError)

log = structlog.get_logger("worker")


@dataclass(slots=True)
class Counts:
    """What the role did since it began."""

    signals: int = 0
    unreadable: int = 0
    alerts: int = 0
    snapshots: int = 0


class Partition:
    """Counts the signals of one partition in their order.

    What it finds depends on the signals alone, not on how they were batched: a bucket is closed by
    the first signal of a later one.
    """

    def __init__(
        self,
        number: int,
        state: AlertingState | None,
        options: Options,
        counts: Counts,
        *,
        end: int,
    ) -> None:
        """``end`` is the offset after the last signal that is there."""
        self.number = number
        self._counts = counts
        self._detector, self.next_offset = _restored(number, state, options)
        if self.next_offset is not None and self.next_offset > end:
            log.error("signals_began_anew", partition=number)
            self.next_offset = None
        self._clock = Clock()
        self._closed = 0.0
        self.alerts: list[Alert] = []
        """Found, and not yet published."""
        self.changed = False
        """Whether there is something that the last snapshot does not know."""
        self.saved_offset = self.next_offset or 0
        """``next_offset`` of the last snapshot."""
        self.unseen = False
        """Whether something was counted since the last glance."""

    @property
    def detector(self) -> Detector:
        """Its detector; to be left alone while :meth:`snapshot` runs."""
        return self._detector

    @property
    def unfinished(self) -> bool:
        """Whether signals have come whose time has not."""
        return self._clock.highest // BUCKET_S > self._closed

    def take(self, records: Sequence[Any], *, behind: bool) -> None:
        """Count consecutive records; those that were counted before are skipped."""
        signals: list[Counted] = []
        for record in records:
            if self.next_offset is not None and record.offset < self.next_offset:
                continue
            self.next_offset = record.offset + 1
            self.changed = self.unseen = True
            signal = self._read(record)
            if signal is None:
                continue
            # A connector whose clock is fast must not make everybody else's feedback late.
            at = min(signal.at, record.timestamp / 1000)
            if not signal.backfill and self._clock.saw(at):
                self._add(signals)
                signals = []
                self.advance(self._clock.watermark(behind=behind))
            signals.append(signal)
        self._add(signals)

    def catch_up(self, *, behind: bool) -> None:
        """Close what may be closed by the signals that came."""
        self.advance(self._clock.watermark(behind=behind))

    def advance(self, watermark: float) -> None:
        """Let time come to ``watermark``, seconds since 1970."""
        closed = watermark // BUCKET_S
        if closed > self._closed:
            self._closed = closed
            self.changed = True
            self.alerts += self._detector.advance(watermark)

    def glance(self) -> None:
        """Look whether the bucket that is open is a spike already."""
        self.unseen = False
        glance = getattr(self._detector, "glance", None)
        if glance is not None:
            found = glance()
            self.alerts += found
            self.changed = self.changed or bool(found)

    def snapshot(self) -> AlertingState:
        """What to go on from; takes some milliseconds for a thousand keys."""
        return AlertingState(
            partition=self.number,
            next_offset=self.next_offset or 0,
            state=self._detector.to_bytes(),
        )

    def saved(self, state: AlertingState, alerts: Sequence[Alert]) -> None:
        """Note that a snapshot is committed, with the alerts that it knows of."""
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
            log.error("unreadable_signal", partition=self.number, offset=record.offset)
            return None
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
        )


def _restored(
    number: int, state: AlertingState | None, options: Options
) -> tuple[Detector, int | None]:
    if state is None:
        return Detector(options), None
    try:
        return Detector.from_bytes(state.state, options), state.next_offset
    except _DAMAGED as error:
        # Without it some alerts come late or again; with a worker that can't start, none come.
        reason = str(error) if isinstance(error, StateError) else "it is damaged"
        log.error("alerting_state_lost", partition=number, reason=reason)
        return Detector(options), None
