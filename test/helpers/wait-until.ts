const POLL_MS = 50;

/** Polls until the condition holds; a condition that throws ends the wait at once. */
export async function waitUntil(
  what: string | (() => string),
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return;
    if (performance.now() > deadlineMs) {
      throw new Error(`not within ${timeoutMs / 1_000} s: ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
