import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReelstreamError } from '../../core/errors.ts';
import { parseChecksFile } from '../../reconciler/checks-file.ts';

const GOOD = `# what we promise to finance
checks:
  - name: events_of_yesterday
    left: rows:events_raw:1d
    operator: ge_ratio
    right: previous_rows:events_raw:1d
    factor: 0.7
    minimum: 1000
  - name: at_least_ten
    left: table:movies
    operator: ">="
    right: 10
    severity: page
  - name: catalogue_yesterday_links
    enabled: false
`;

const faultOf = (text: string) => {
  try {
    parseChecksFile('checks.yaml', text);
  } catch (error) {
    expect(error).toBeInstanceOf(ReelstreamError);
    expect((error as ReelstreamError).code).toBe('settings');
    return (error as ReelstreamError).message;
  }
  return null;
};
const changed = (from: string, to: string) => faultOf(GOOD.replace(from, to));

describe('a file of checks', () => {
  it('says what is compared, with what is left out filled in', () => {
    expect(parseChecksFile('checks.yaml', GOOD)).toEqual({
      checks: [
        {
          name: 'events_of_yesterday',
          left: 'rows:events_raw:1d',
          operator: 'ge_ratio',
          right: 'previous_rows:events_raw:1d',
          factor: 0.7,
          minimum: 1_000,
          severity: 'ticket',
        },
        {
          name: 'at_least_ten',
          left: 'table:movies',
          operator: '>=',
          right: '10',
          factor: 1,
          minimum: 0,
          severity: 'page',
        },
      ],
      off: ['catalogue_yesterday_links'],
    });
    expect(parseChecksFile('checks.yaml', 'checks: []')).toEqual({ checks: [], off: [] });
  });

  it.each([
    ['operator: ge_ratio', 'operator: "=>"', /^checks\.yaml:5: operator: .*"=>" is no operator/],
    ['factor: 0.7', 'factor: most', /^checks\.yaml:7: factor: must be a number/],
    ['factor: 0.7', 'factor: -1', /^checks\.yaml:7: factor: .*0 or more/],
    ['minimum: 1000', 'minimal: 1000', /^checks\.yaml:8: minimal: no such field; there are name, left/],
    ['left: table:movies', 'left: table:moves', /^checks\.yaml:10: left: nothing is called table:moves/],
    ['right: previous_rows:events_raw:1d', 'right: x', /^checks\.yaml:6: right: nothing is called x/],
    ['severity: page', 'severity: siren', /^checks\.yaml:13: severity: .*"siren" is no severity/],
    ['    right: 10\n', '', /^checks\.yaml:9: right: .*needs a right side/],
    ['  - name: at_least_ten\n    left', '  - left', /^checks\.yaml:9: name: is missing/],
    ['at_least_ten', 'events_of_yesterday', /^checks\.yaml:9: name: .*already, in checks\.yaml:3/],
    ['enabled: false', 'enabled: 0', /^checks\.yaml:15: enabled: must be a boolean/],
    ['checks:', 'check:', /^checks\.yaml:1: checks: the file must hold a list/],
    ['  - name: at_least_ten', '  - name: [at', /^checks\.yaml:\d+: /],
  ])('%s -> %s is refused by file, line and field', (from, to, said) => {
    expect(GOOD).toContain(from);
    expect(changed(from, to)).toMatch(said);
  });

  it('never throws anything else, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `checks:\n  - ${text}`),
        ),
        (text) => {
          const fault = faultOf(text);
          if (fault !== null) expect(fault).toMatch(/^checks\.yaml:\d+: /);
        },
      ),
    );
  });
});
