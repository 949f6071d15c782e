import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../core/clock.ts';
import { createScrapes } from '../../runtime/scrapes.ts';

function open() {
  const clock = createManualClock();
  const scrapes = createScrapes(clock);
  return { clock, scrapes, scrape: () => scrapes.begin()() };
}

/** True once it has settled, seen from the outside. */
function watch(promise: Promise<void>): () => Promise<boolean> {
  let isOver = false;
  void promise.then(() => {
    isOver = true;
  });
  return async () => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    return isOver;
  };
}

describe('the last scrape', () => {
  it('is not waited for where nobody ever came', async () => {
    await open().scrapes.untilNext();
  });

  it('is the first one that began after the figures were final', async () => {
    const { scrapes, scrape } = open();
    scrape();
    const underWay = scrapes.begin();
    const isOver = watch(scrapes.untilNext());
    underWay();
    expect(await isOver()).toBe(false);
    scrape();
    expect(await isOver()).toBe(true);
  });

  it('is waited for as long as the longest gap allows, when a second server or a late answer came in between', async () => {
    const { clock, scrapes, scrape } = open();
    for (const gap of [0, 10_000, 50, 9_950, 50]) {
      await clock.advance(gap);
      scrape();
    }
    const late = scrapes.begin();
    await clock.advance(3);
    late();
    expect(scrapes.longestWaitMs()).toBe(12_500);
  });

  it('is not waited for by whoever does not want to any more', async () => {
    const { scrapes, scrape } = open();
    scrape();
    const unwanted = new AbortController();
    const isOver = watch(scrapes.untilNext(unwanted.signal));
    expect(await isOver()).toBe(false);
    unwanted.abort();
    expect(await isOver()).toBe(true);
  });

  it('is given up a little after it was due', async () => {
    const { clock, scrapes, scrape } = open();
    for (const gap of [0, 4_000, 4_000]) {
      await clock.advance(gap);
      scrape();
    }
    const isOver = watch(scrapes.untilNext());
    await clock.advance(4_900);
    expect(await isOver()).toBe(false);
    await clock.advance(200);
    expect(await isOver()).toBe(true);
  });
});
