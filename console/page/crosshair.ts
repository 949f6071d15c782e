/** Who draws over time follows the pointer on any chart of the page. */
export interface Crosshair {
  /** null where the pointer has left */
  show(seconds: number | null, from: object): void;
  /** returns what ends it */
  follow(own: object, onMove: (seconds: number | null) => void): () => void;
}

export function createCrosshair(): Crosshair {
  const followers = new Map<object, (seconds: number | null) => void>();
  return {
    show(seconds, from) {
      for (const [own, onMove] of followers) if (own !== from) onMove(seconds);
    },
    follow(own, onMove) {
      followers.set(own, onMove);
      return () => followers.delete(own);
    },
  };
}
