import type { RegistryAccess } from '../wiring.ts';
import type { Finding } from './findings.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** Whether the registry answers, and to us. */
export async function registryFindings({ url, username, password }: RegistryAccess): Promise<Finding[]> {
  const subjects = `${url.replace(/\/+$/, '')}/subjects`;
  const basicAuth = Buffer.from(`${username}:${password}`).toString('base64');
  const headers = new Headers(username ? { authorization: `Basic ${basicAuth}` } : {});
  try {
    const answer = await fetch(subjects, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const detail = `${subjects} answers ${answer.status}`;
    return [{ what: 'registry', health: answer.ok ? 'ok' : 'bad', detail }];
  } catch (error) {
    // fetch says only that it failed; why is in the cause
    const { message } = ((error as Error).cause ?? error) as Error;
    return [{ what: 'registry', health: 'bad', detail: `${subjects} does not answer: ${message}` }];
  }
}
