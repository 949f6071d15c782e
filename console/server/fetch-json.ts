import { Problem } from './problem.ts';

const MAX_ANSWER_BYTES = 20_000_000;

export interface Source {
  /** as a person calls it */
  readonly name: string;
  /** without a slash at the end */
  readonly url: string;
}

export interface Fetched {
  readonly status: number;
  readonly body: unknown;
}

/** JSON of another server, with a deadline. @throws Problem 503 when it does not answer, 502 when that is no JSON */
export async function fetchJson(
  { name, url }: Source,
  path: string,
  form: URLSearchParams | null,
  timeoutMs: number,
): Promise<Fetched> {
  let text: string;
  let status: number;
  try {
    const answer = await fetch(`${url}${path}`, {
      ...(form ? { method: 'POST', body: form } : {}),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    status = answer.status;
    text = await limitedText(answer);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const late = (error as Error).name === 'TimeoutError' ? ` within ${timeoutMs / 1_000} s` : '';
    throw new Problem(503, `${name} does not answer${late} (${url})`);
  }
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    throw new Problem(502, `what answers at ${url} is not ${name}`);
  }
}

async function limitedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Problem(502, 'the answer is too large to be drawn');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
