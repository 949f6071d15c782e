import type { LoadProgress } from '../../catalog/load.ts';
import type { Clock } from '../../core/clock.ts';
import type { Progress } from '../print.ts';

export interface CatalogueProgress {
  readonly load: (progress: LoadProgress) => void;
  readonly download: (label: string, bytes: number, totalBytes: number | null) => void;
}

const BAR_CELLS = 20;
/** A rate of less time than this says nothing. */
const MIN_RATE_MS = 250;
/** A terminal is written to at most this often: drawing must not cost more than reading. */
const DRAW_INTERVAL_MS = 100;

/** Turns progress into one line: what, bar, share, rows, bytes, rate, time left. */
export function catalogueProgress(progress: Progress, clock: Clock): CatalogueProgress {
  let step = '';
  let startMs = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  const draw = (key: string, text: (elapsedMs: number) => string) => {
    const nowMs = clock.monotonicMs();
    const isNew = key !== step;
    if (isNew) startMs = nowMs;
    if (!isNew && nowMs - drawnMs < DRAW_INTERVAL_MS) return;
    step = key;
    drawnMs = nowMs;
    progress.update(text(nowMs - startMs));
  };
  return {
    load({ step: name, what, rows, bytes, totalBytes }) {
      draw(name, (elapsedMs) =>
        name === 'writing'
          ? `writing ${what}: ${rows.toLocaleString('en-US')} films`
          : progressLine(`${name} ${what}`, { rows, bytes, totalBytes, elapsedMs }),
      );
    },
    download(label, bytes, totalBytes) {
      draw(label, (elapsedMs) =>
        progressLine(`fetching ${label}`, { rows: 0, bytes, totalBytes, elapsedMs }),
      );
    },
  };
}

export interface Standing {
  readonly rows: number;
  readonly bytes: number;
  /** null = the server does not say */
  readonly totalBytes: number | null;
  readonly elapsedMs: number;
}

/** `reading links.csv [####----] 52 %  23,456 rows  17.2 MB  8.1 MB/s  2 s left` */
export function progressLine(what: string, { rows, bytes, totalBytes, elapsedMs }: Standing): string {
  const share = totalBytes ? Math.min(1, bytes / totalBytes) : null;
  const bytesPerSecond = elapsedMs >= MIN_RATE_MS ? (bytes / elapsedMs) * 1_000 : null;
  const pieces = [
    share === null ? what : `${what} ${bar(share)} ${Math.floor(share * 100)} %`,
    rows > 0 ? `${rows.toLocaleString('en-US')} rows` : '',
    megabytes(bytes),
    bytesPerSecond === null ? '' : `${megabytes(bytesPerSecond)}/s`,
    bytesPerSecond && totalBytes ? `${Math.ceil((totalBytes - bytes) / bytesPerSecond)} s left` : '',
  ];
  return pieces.filter((piece) => piece !== '').join('  ');
}

function bar(share: number): string {
  const full = Math.round(share * BAR_CELLS);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
