import { FAULT_REASONS } from '../verdict.ts';
import { FAST_SECONDS, type MetricSpec } from './spec.ts';

/** The load simulator. */
export const PRODUCER_METRICS = {
  producer_target_events_per_second: {
    type: 'gauge',
    unit: 'events/s',
    help: 'Rate the load profile asks for now; 0 while stopped on purpose',
    labels: { topic: null },
  },
  producer_events_generated_total: {
    type: 'counter',
    unit: 'events',
    help: 'Events made by the profile',
    labels: { topic: null },
  },
  producer_events_acked_total: {
    type: 'counter',
    unit: 'events',
    help: 'Records acknowledged by the broker, duplicates on purpose included: the source count',
    labels: { topic: null },
  },
  producer_events_failed_total: {
    type: 'counter',
    unit: 'events',
    help: 'Records given up after retries',
    labels: { topic: null, reason: ['delivery'] },
  },
  producer_events_overloaded_total: {
    type: 'counter',
    unit: 'events',
    help: 'Events left out by the overload policy: they were due and could not be sent in time',
    labels: { topic: null },
  },
  producer_injected_total: {
    type: 'counter',
    unit: 'events',
    help: 'Events changed on purpose, by what was done to them',
    labels: {
      topic: null,
      kind: ['late', 'reorder', 'duplicate', 'drop', 'domain', 'poison', 'key_skew', 'clock_skew'],
    },
  },
  producer_injected_records_total: {
    type: 'counter',
    unit: 'events',
    help: 'Acknowledged records that the pipeline must catch, by the reason it must give; only of runs with such faults; started: unix seconds, so that one run is told from the next',
    labels: { topic: null, started: null, reason: FAULT_REASONS },
  },
  producer_injecting_run_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'Start of the process of a run with faults that the pipeline must catch',
    labels: { topic: null, started: null },
    absentUntilKnown: true,
  },
  producer_acked_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Encoded bytes acknowledged',
    labels: { topic: null },
  },
  producer_queue_events: {
    type: 'gauge',
    unit: 'events',
    help: 'Events waiting for acknowledgement',
    labels: { topic: null },
  },
  producer_schedule_delay_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Planned send time to hand-over',
    labels: { topic: null },
    buckets: FAST_SECONDS,
  },
  producer_ack_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Planned send time to acknowledgement, of every record or of a sample of users',
    labels: { topic: null },
    buckets: FAST_SECONDS,
  },
} as const satisfies Record<string, MetricSpec>;
