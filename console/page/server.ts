/// <reference lib="dom" />

/** What the server says went wrong, in words for the reader. */
export class ServerFault extends Error {
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, detail: string, field?: string) {
    super(detail);
    this.status = status;
    this.field = field;
  }
}

/** JSON of the console's own server. @throws ServerFault; AbortError when the signal was told */
export async function ask<T>(
  path: string,
  given: URLSearchParams | Record<string, string> = {},
  signal?: AbortSignal,
): Promise<T> {
  const search = new URLSearchParams(given).toString();
  let answer: Response;
  try {
    answer = await fetch(search === '' ? path : `${path}?${search}`, signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServerFault(0, 'the console itself does not answer; is it still running?');
  }
  const body = (await answer.json().catch(() => null)) as unknown;
  if (answer.ok) return body as T;
  const problem = (body ?? {}) as { detail?: string; field?: string };
  throw new ServerFault(answer.status, problem.detail ?? `status ${answer.status}`, problem.field);
}
