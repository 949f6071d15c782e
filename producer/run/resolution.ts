/**
 * Which own events are resolved: every record of theirs was acknowledged or given up, or there was none to send. Own events
 * count from 0 and are opened in order.
 */
export interface Resolution {
  /** @param records how many records the event becomes, 0 when it is kept back or left out */
  open(records: number, intendedMs: number): void;
  /** One record of event `i` got its answer. Returns when the event was intended, for whoever measures its way. */
  settle(i: number, failed: boolean): number;
  /** every event below it is resolved */
  floor(): number;
  /** events given up since the last call, in order */
  takeFailed(): number[];
  readonly unresolved: number;
  /** resolved events with a record that was given up */
  readonly failed: number;
  /** those of them that nobody has taken yet */
  readonly untaken: number;
}

/**
 * @param capacity most events between the floor and the newest
 * @param stopsAtFailure the floor never passes an event that was given up: whoever goes on from it sends that one again
 */
export function createResolution(capacity: number, stopsAtFailure = false): Resolution {
  const size = 2 ** Math.ceil(Math.log2(capacity + 1));
  const mask = size - 1;
  const pending = new Uint16Array(size);
  const spoilt = new Uint8Array(size);
  const intended = new Float64Array(size);
  const failures = createFailures();
  let floor = 0;
  let opened = 0;
  let resolved = 0;

  const isPassable = (at: number): boolean => pending[at] === 0 && !(stopsAtFailure && spoilt[at] === 1);
  const close = (i: number): void => {
    resolved += 1;
    if (spoilt[i & mask] === 1) failures.add(i);
    while (floor < opened && isPassable(floor & mask)) floor += 1;
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
      if (isFailed) spoilt[at] = 1;
      pending[at]! -= 1;
      if (pending[at] === 0) close(i);
      return intended[at]!;
    },
    floor: () => floor,
    takeFailed: failures.take,
    get unresolved() {
      return opened - resolved;
    },
    get failed() {
      return failures.count;
    },
    get untaken() {
      return failures.untaken;
    },
  };
}

/** They are few: the client tries for minutes. */
function createFailures() {
  let count = 0;
  let fresh: number[] = [];
  return {
    add(i: number) {
      count += 1;
      fresh.push(i);
    },
    take(): number[] {
      const taken = fresh.sort((a, b) => a - b);
      fresh = [];
      return taken;
    },
    get count() {
      return count;
    },
    get untaken() {
      return fresh.length;
    },
  };
}
