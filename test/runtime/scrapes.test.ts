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

  it('is given up a little after it was due', async () => {
    const { clock, scrapes, scrape } = open();
    scrape();
    await clock.advance(4_000);
    scrape();
    const isOver = watch(scrapes.untilNext());
    await clock.advance(4_900);
    expect(await isOver()).toBe(false);
    await clock.advance(200);
    expect(await isOver()).toBe(true);
  });
});
