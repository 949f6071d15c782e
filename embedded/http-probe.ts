const PROBE_TIMEOUT_MS = 2_000;

/** True when the address answers with a success; rejects when nobody answers in time. */
export async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  // Read to the end, or the connection stays occupied
  await response.arrayBuffer();
  return response.ok;
}
