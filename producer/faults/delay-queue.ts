/** Records that are sent later than their turn, by due time; among equals, who came first goes first. */
export interface DelayQueue<T> {
  readonly size: number;
  /** False, and nothing is taken, when the queue is full. */
  push(dueMs: number, item: T): boolean;
  /** The first record if it is due, without taking it out: the writer may have no room for it. */
  peekDue(nowMs: number): T | undefined;
  /** Takes the first record out; nothing happens when there is none. */
  removeFirst(): void;
  /** when the first record is due; Infinity when there is none */
  nextDueMs(): number;
}

interface Held<T> {
  readonly dueMs: number;
  readonly arrival: number;
  readonly item: T;
}

/** @param capacity most records held; a full queue must hold the run back, or its memory would have no bound */
export function createDelayQueue<T>(capacity: number): DelayQueue<T> {
  // A binary heap: the children of place p are at 2p + 1 and 2p + 2, and none is due before its parent
  const heap: Held<T>[] = [];
  let arrivals = 0;

  const rise = (from: number): void => {
    const rising = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, rising)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = rising;
  };

  const sink = (): void => {
    const sinking = heap[0]!;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (isBefore(sinking, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = sinking;
  };

  return {
    get size() {
      return heap.length;
    },
    push(dueMs, item) {
      if (heap.length >= capacity) return false;
      heap.push({ dueMs, arrival: arrivals++, item });
      rise(heap.length - 1);
      return true;
    },
    peekDue(nowMs) {
      const first = heap[0];
      return first && first.dueMs <= nowMs ? first.item : undefined;
    },
    removeFirst() {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
      sink();
    },
    nextDueMs: () => heap[0]?.dueMs ?? Number.POSITIVE_INFINITY,
  };
}

function isBefore(a: Held<unknown>, b: Held<unknown>): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.arrival < b.arrival);
}
