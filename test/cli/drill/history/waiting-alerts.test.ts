import { describe, expect, it } from 'vitest';
import { trueSince, waitingAlertsText } from '../../../../cli/drill/history/waiting-alerts.ts';
import type { AlertRule } from '../../../../dashboards/rules/rule.ts';

const END = 10_000;
const seen = (...secondsAgo: number[]) => ({
  metric: { __name__: 'x', topic: 'ratings' },
  values: secondsAgo.map((ago): [number, string] => [END - ago, '1']),
});
const rule = (alert: string, rest: Partial<AlertRule> = {}): AlertRule => ({
  ...{ alert, severity: 'page', condition: `${alert} > 1`, for: '3m', summary: '' },
  ...rest,
});

describe('since when an alert has been true', () => {
  it('is the start of the run that reaches the end', () => {
    expect(trueSince(seen(600, 570, 90, 60, 30, 0), END)).toBe(END - 90);
    expect(trueSince(seen(0), END)).toBe(END);
  });

  it('is unknown of one that is not true at the end', () => {
    expect(trueSince(seen(90, 60, 30), END)).toBeNull();
    expect(trueSince({ metric: {}, values: [] }, END)).toBeNull();
  });

  it('is written down as Prometheus does: under the labels of the alert, at the end', async () => {
    const text = await waitingAlertsText([rule('A')], END, async () => [seen(60, 30, 0)]);
    expect(text).toBe(
      '# TYPE ALERTS_FOR_STATE gauge\nALERTS_FOR_STATE{topic="ratings",severity="page",alertname="A"} 9940 10000\n# EOF\n',
    );
  });

  it('is not asked of an alert that does not wait, and nothing is written when none is true', async () => {
    const asked: string[] = [];
    const ask = async (promql: string) => {
      asked.push(promql);
      return [];
    };
    const { for: _, ...atOnce } = rule('B');
    expect(await waitingAlertsText([rule('A'), atOnce], END, ask)).toBeNull();
    expect(asked).toEqual(['A > 1']);
  });
});
