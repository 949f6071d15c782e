import type { ReadOnlyClickHouse } from './read-table.ts';

export interface SourceState {
  readonly name: string;
  readonly answers: boolean;
  /** what cannot be seen without it */
  readonly without: string;
}

export interface SourceUrls {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  readonly recommenderUrl: string;
}

const TIMEOUT_MS = 1_500;

/** Which of the servers that the console draws from are there. */
export async function lookAtSources(
  { prometheusUrl, alertmanagerUrl, recommenderUrl }: SourceUrls,
  { clickhouse }: ReadOnlyClickHouse,
): Promise<SourceState[]> {
  const looks: [name: string, answers: Promise<boolean>, without: string][] = [
    ['Prometheus', isOk(`${prometheusUrl}/-/ready`), 'panels of what flows now stay empty'],
    ['Alertmanager', isOk(`${alertmanagerUrl}/-/ready`), 'no alert is delivered'],
    ['ClickHouse', within(clickhouse.ping()), 'questions and panels of ratings and films stay empty'],
    ['recommender', isOk(`${recommenderUrl}/healthz`), 'there are no recommendations'],
  ];
  return Promise.all(
    looks.map(async ([name, answers, without]) => ({ name, answers: await answers, without })),
  );
}

async function isOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function within(look: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), TIMEOUT_MS);
  });
  const found = await Promise.race([look.catch(() => false), late]);
  clearTimeout(timer);
  return found;
}
