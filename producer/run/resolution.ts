/**
 * Which own events are resolved: every record of theirs was acknowledged or given up, or there was none to send. Own events
 * count from 0 and are opened in order.
 */
export interface Resolution {
  /** @param records how many records the event becomes, 0 when it is kept back or left out */
  open(records: number, intendedMs: number): void;
  /** One record of event `i` got its answer. Returns when the event was intended, for whoever measures its way. */
  settle(i: number, failed: boolean): number;
  /** Everything that was sent so far got its answer, `lowestHeld` is the first event with a record still to be sent. */
  settleAll(lowestHeld: number): void;
  /** every event below it is resolved */
  floor(): number;
  /** events given up since the last call, in order */
  takeFailed(): number[];
  /** @param recordsUnderWay sent without an answer, or held back */
  unresolved(recordsUnderWay: number): number;
  /** resolved events with a record that was given up */
  readonly failed: number;
  /** those of them that nobody has taken yet */
  readonly untaken: number;
  /** answers that a record was given up */
  readonly failedRecords: number;
}

/**
 * By a report per record.
 * @param capacity most events between the floor and the newest
 */
export function createReportedResolution(capacity: number): Resolution {
  const size = 2 ** Math.ceil(Math.log2(capacity + 1));
  const mask = size - 1;
  const pending = new Uint16Array(size);
  const spoilt = new Uint8Array(size);
  const intended = new Float64Array(size);
  const failures = createFailures();
  let floor = 0;
  let opened = 0;
  let resolved = 0;
  let failedRecords = 0;

  const close = (i: number): void => {
    resolved += 1;
    if (spoilt[i & mask] === 1) failures.add(i);
    while (floor < opened && pending[floor & mask] === 0) floor += 1;
  };
  return {
    open(records, intendedMs) {
      if (opened - floor >= size) throw new RangeError('more events are under way than there is room for');
      const at = opened & mask;
      pending[at] = records;
      spoilt[at] = 0;
      intended[at] = intendedMs;
      opened += 1;
      if (records === 0) close(opened - 1);
    },
    settle(i, isFailed) {
      const at = i & mask;
      if (isFailed) {
        spoilt[at] = 1;
        failedRecords += 1;
      }
      pending[at]! -= 1;
      if (pending[at] === 0) close(i);
      return intended[at]!;
    },
    settleAll() {},
    floor: () => floor,
    takeFailed: failures.take,
    unresolved: () => opened - resolved,
    get failed() {
      return failures.count;
    },
    get untaken() {
      return failures.untaken;
    },
    get failedRecords() {
      return failedRecords;
    },
  };
}

/**
 * By barriers: without reports of success nothing between two of them is known. A sample of records may be reported all the
 * same, to be measured.
 */
export function createBarrierResolution(capacity: number): Resolution {
  const mask = 2 ** Math.ceil(Math.log2(capacity + 1)) - 1;
  const intended = new Float64Array(mask + 1);
  const failures = createFailures();
  let floor = 0;
  let opened = 0;
  let failedRecords = 0;
  return {
    open(_, intendedMs) {
      intended[opened & mask] = intendedMs;
      opened += 1;
    },
    settle(i, isFailed) {
      if (isFailed) {
        failures.add(i);
        failedRecords += 1;
      }
      return intended[i & mask]!;
    },
    settleAll(lowestHeld) {
      floor = Math.max(floor, Math.min(opened, lowestHeld));
    },
    floor: () => floor,
    takeFailed: failures.take,
    unresolved: (recordsUnderWay) => Math.min(opened - floor, recordsUnderWay),
    get failed() {
      return failures.count;
    },
    get untaken() {
      return failures.untaken;
    },
    get failedRecords() {
      return failedRecords;
    },
  };
}

/** An event counts once, however many of its records failed. They are few: the client tries for minutes. */
function createFailures() {
  const seen = new Set<number>();
  let fresh: number[] = [];
  return {
    add(i: number) {
      if (seen.has(i)) return;
      seen.add(i);
      fresh.push(i);
    },
    take(): number[] {
      const taken = fresh.sort((a, b) => a - b);
      fresh = [];
      return taken;
    },
    get count() {
      return seen.size;
    },
    get untaken() {
      return fresh.length;
    },
  };
}
