import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Says that the last stop was an orderly one. Written as the very last thing, gone before the first statement runs. */
export interface CleanStopMarker {
  /** true when the marker was there; it is removed, durably */
  take(): boolean;
  leave(stoppedAtMs: number): void;
}

export function cleanStopMarker(dataDir: string): CleanStopMarker {
  const path = join(dataDir, 'clean-stop.json');
  return {
    take() {
      const wasThere = exists(path);
      rmSync(path, { force: true });
      syncFolder(dataDir);
      return wasThere;
    },
    leave(stoppedAtMs) {
      const file = openSync(path, 'w', 0o600);
      writeSync(file, `${JSON.stringify({ stoppedAtMs })}\n`);
      fsyncSync(file);
      closeSync(file);
      syncFolder(dataDir);
    },
  };
}

/** An empty or half-written marker is none: the machine died while it was written. */
function exists(path: string): boolean {
  try {
    return (
      typeof (JSON.parse(readFileSync(path, 'utf8')) as { stoppedAtMs?: unknown }).stoppedAtMs === 'number'
    );
  } catch {
    return false;
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
