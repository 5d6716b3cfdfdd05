// The process at the moment of a scrape: processor, memory, and how long its event loop kept callbacks waiting.
// Invariant: who is never asked costs nothing; the event loop is watched from the first scrape on.
import { eventLoopUtilization, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Family, Samples } from './family.ts';
import { counter, gauge } from './house-families.ts';

/** Milliseconds between two looks at the event loop; what is measured is the time between them, not the delay alone. */
const resolution = 20;

export class ProcessMeter {
  readonly #between = monitorEventLoopDelay({ resolution });

  /** Returns the metrics of the process; the lag is that since the last time it was asked. */
  families(): Family[] {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    const busy = eventLoopUtilization().active / 1e3;
    const startedAt = performance.timeOrigin / 1e3;
    const [p99, most] = this.#lags();
    return [
      counter('plumbline_process_cpu_seconds_total', 'Processor time, user and system.', (user + system) / 1e6),
      gauge('plumbline_process_resident_memory_bytes', 'Resident memory.', 'sum', one(rss)),
      gauge('plumbline_process_heap_used_bytes', 'JavaScript heap in use.', 'sum', one(heapUsed)),
      gauge(
        'plumbline_process_external_memory_bytes',
        'Buffers and other memory outside the heap.',
        'sum',
        one(external),
      ),
      gauge(
        'plumbline_process_start_time_seconds',
        'Start of the process, seconds since 1970.',
        'smallest',
        one(startedAt),
      ),
      counter('plumbline_event_loop_busy_seconds_total', 'Time the event loop was not idle.', busy),
      gauge(
        'plumbline_event_loop_lag_p99_seconds',
        'Event loop delay since the last scrape, 99th percentile.',
        'largest',
        one(p99),
      ),
      gauge(
        'plumbline_event_loop_lag_max_seconds',
        'Event loop delay since the last scrape, longest.',
        'largest',
        one(most),
      ),
    ];
  }

  /** Seconds: the 99th percentile and the longest since the last time; zeros the first time. */
  #lags(): [number, number] {
    const lags: [number, number] = [lagOf(this.#between.percentile(99)), lagOf(this.#between.max)];
    this.#between.enable();
    this.#between.reset();
    return lags;
  }
}

function lagOf(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolution / 1e3) : 0;
}

const one = (value: number): Samples<number> => ({ '': value });
