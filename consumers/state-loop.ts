import type { Clock } from '../core/clock.ts';
import { type ReelstreamError, toReelstreamError } from '../core/errors.ts';
import { createInbox, type Inbox } from './inbox.ts';

const STUCK_AFTER_MS = 60_000;

interface Event {
  readonly kind: string;
}

/** Per kind of event what it does to the state; none of them waits. */
export type Handlers<E extends Event> = {
  readonly [K in E['kind']]: (event: Extract<E, { kind: K }>) => void;
};

export interface Turns<E extends Event> {
  readonly handlers: Handlers<E>;
  /** after the events of a turn: looks at the state and starts whatever is due, so that nothing depends on their order */
  advance(): void;
  /** when the next turn comes though nothing has happened */
  waitMs(): number;
  /** a step threw, or somebody else said so: no later turn may make it worse */
  failed(error: ReelstreamError): void;
}

/**
 * The one loop that owns a reader's state. Callbacks and work in the background only leave events for it; nothing else
 * touches the state, so nothing needs a lock.
 */
export class StateLoop<E extends Event> {
  readonly #clock: Clock;
  readonly #inbox: Inbox<E>;
  /** rejects with the first failure; resolves by `finish` */
  readonly done: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: ReelstreamError) => void = () => {};
  #turns: Turns<E> | null = null;
  #isRunning = false;
  #turning: Promise<void> = Promise.resolve();
  #turnedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#inbox = createInbox(clock);
    this.#turnedAtMs = clock.monotonicMs();
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // a failure that comes before anybody looks at `done` is still there when they do
    this.done.catch(() => {});
  }

  post(event: E): void {
    this.#inbox.post(event);
  }

  /** The next turn comes at once. */
  wake(): void {
    this.#inbox.wake();
  }

  /** Begins to turn. */
  run(turns: Turns<E>): void {
    this.#turns = turns;
    this.#isRunning = true;
    this.#turning = this.#turn(turns);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The turn that is under way is the last one. */
  async end(): Promise<void> {
    this.#isRunning = false;
    this.#inbox.wake();
    await this.#turning;
  }

  finish(): void {
    this.#resolve();
  }

  fail(error: ReelstreamError): void {
    this.#turns?.failed(error);
    this.#reject(error);
  }

  /** false when it has stopped turning */
  isAlive(): boolean {
    return this.#clock.monotonicMs() - this.#turnedAtMs < STUCK_AFTER_MS;
  }

  async #turn(turns: Turns<E>): Promise<void> {
    while (this.#isRunning) {
      this.#turnedAtMs = this.#clock.monotonicMs();
      let waitMs = 0;
      this.#guarded(() => {
        waitMs = turns.waitMs();
      });
      for (const event of await this.#inbox.take(waitMs)) {
        this.#guarded(() => handle(turns.handlers, event));
      }
      this.#guarded(turns.advance);
    }
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.fail(toReelstreamError(thrown));
    }
  }
}

function handle<E extends Event>(handlers: Handlers<E>, event: E): void {
  // of the kind that it is filed under
  const handler = handlers[event.kind as E['kind']] as (event: E) => void;
  handler(event);
}
