/** How long a schedule has stood still: what comes later is moved back by as much. */
export interface Standstill {
  /** nothing goes on from now, unless it stands still already */
  begin(nowMs: number): void;
  /** it goes on */
  end(nowMs: number): void;
  /** up to now, the present standstill included */
  totalMs(nowMs: number): number;
  /** without the present one */
  readonly pastMs: number;
}

export function createStandstill(): Standstill {
  let pastMs = 0;
  let sinceMs: number | null = null;
  const presentMs = (nowMs: number) => (sinceMs === null ? 0 : Math.max(0, nowMs - sinceMs));
  return {
    begin(nowMs) {
      sinceMs ??= nowMs;
    },
    end(nowMs) {
      pastMs += presentMs(nowMs);
      sinceMs = null;
    },
    totalMs: (nowMs) => pastMs + presentMs(nowMs),
    get pastMs() {
      return pastMs;
    },
  };
}
