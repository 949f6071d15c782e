import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { planChart } from '../../../cli/ask/chart-plan.ts';
import { drawSvg } from '../../../cli/ask/chart-svg.ts';
import { drawInTerminal } from '../../../cli/ask/chart-terminal.ts';
import { type AnswerJson, render, toJson } from '../../../cli/ask/formats.ts';
import { type ClickHouse, connectClickHouse } from '../../../clickhouse/connection.ts';
import type { Answer } from '../../../clickhouse/questions-answer.ts';
import { answer, type Given } from '../../clickhouse/questions/asking.ts';
import { runProgram } from '../../helpers/program.ts';

/** Questions as somebody might ask them, with what keeps the screen short. */
const ASKED: readonly (readonly [name: string, given: Given])[] = [
  ['company-year', { top: '8' }],
  ['genre-year', { top: '8', from: '1994', to: '1996', credit: 'fractional' }],
  ['releases-by-genre-year-company', { top: '8', company: [3, 2] }],
  ['revenue-by-genre-by-year', { top: '2', from: '1990' }],
  ['most-popular-genre-by-year', { from: '1990' }],
  ['highest-rated', { top: '10' }],
  ['seasonality', {}],
  ['highest-earning-genres', { top: '8' }],
  ['popular-genres', { top: '8', genres: 'tmdb' }],
  ['metric', { top: '8', metric: 'profit', by: 'company', and: 'year', stat: 'mean', min_n: '3' }],
];

const WIDTH = 80;
const longestLine = (text: string) => Math.max(...text.split('\n').map((line) => [...line].length));

/** To be run beside a server that holds the sample: it starts none. */
export function askAsAPerson(server: () => { readonly url: string; readonly database: string }): void {
  const withClickHouse = async <T>(work: (clickhouse: ClickHouse) => Promise<T>): Promise<T> => {
    const clickhouse = connectClickHouse(server());
    return work(clickhouse).finally(() => clickhouse.close());
  };
  const run = (...args: string[]) =>
    runProgram(['ask', ...args], {
      REELSTREAM_CLICKHOUSE_URL: server().url,
      REELSTREAM_CLICKHOUSE_DATABASE: server().database,
    });

  describe.each(ASKED)('%s, as a person sees it', (name, given) => {
    let found: Answer;
    beforeAll(async () => {
      found = await withClickHouse((clickhouse) => answer(clickhouse, name, given));
    });

    it('fits 80 columns, as a table and drawn', async () => {
      const table = render(found, 'table', { width: WIDTH });
      const drawn = drawInTerminal(planChart(found)!, WIDTH);
      expect(longestLine(table)).toBeLessThanOrEqual(WIDTH);
      expect(longestLine(drawn)).toBeLessThanOrEqual(WIDTH);
      await expect(`${table}\n\n\n${drawn}\n`).toMatchFileSnapshot(
        join(import.meta.dirname, 'screens', `${name}.txt`),
      );
    });

    it('says the same in CSV, JSON and Markdown, and as a picture with its title and coverage', () => {
      const json = JSON.parse(render(found, 'json', { width: WIDTH })) as AnswerJson;
      expect(json).toEqual(toJson(found));
      const rows = parse(render(found, 'csv', { width: WIDTH }), { columns: true }) as Record<
        string,
        string
      >[];
      const columns = [...found.columns, ...found.totals];
      const read = rows.map((row) =>
        Object.fromEntries(
          columns.map(({ name, isNumber }) => [
            name,
            row[name] === '' && isNumber ? null : isNumber ? Number(row[name]) : row[name],
          ]),
        ),
      );
      expect(read).toEqual(json.rows.map((row) => ({ ...row, ...json.totals })));
      const markdown = render(found, 'md', { width: WIDTH });
      expect(markdown.split('\n')).toHaveLength(json.rows.length + json.caveats.length + 7);
      expect(markdown).not.toMatch(/\b(films|ratings|users) \(\1\)/);
      const svg = drawSvg(planChart(found)!);
      const words = [...svg.matchAll(/>([^<>]+)</g)].map(([, text]) => text!.trim()).join(' ');
      for (const word of [...json.title.split(' '), ...json.coverage.split(' ')]) {
        expect(words).toContain(word.replaceAll("'", '&#39;').replaceAll('"', '&quot;'));
      }
    });
  });

  describe('ask', () => {
    it('lists every question, and explains one', async () => {
      const [list, json, help] = await Promise.all([
        run('--list'),
        run('--list', '--json'),
        run('seasonality', '--help'),
      ]);
      expect([list.code, json.code, help.code]).toEqual([0, 0, 0]);
      for (const [name] of ASKED) expect(list.stdout).toContain(`  ${name} `);
      expect(JSON.parse(json.stdout)).toContainEqual(expect.objectContaining({ name: 'seasonality' }));
      expect(help.stdout).toMatch(
        /--min-year <n>[\s\S]*What is counted:[\s\S]*What the figures do not say:[\s\S]*Columns:/,
      );
      expect(longestLine(list.stdout)).toBeLessThanOrEqual(WIDTH);
    });

    it('answers, draws, and writes pictures', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'reelstream-ask-'));
      const files = [join(folder, 'season.svg'), join(folder, 'season.png')];
      const [svg, png, drawn] = await Promise.all([
        run('seasonality', '--format', 'csv', '--chart', files[0]!),
        run('seasonality', '--json', '--chart', files[1]!, '--by', 'quarter'),
        run('metric', '--metric', 'films', '--by', 'status', '--chart'),
      ]);
      expect([svg.code, drawn.code]).toEqual([0, 0]);
      expect(svg.stdout).toMatch(/^season,index,.*\nJan,0\.248/);
      expect(JSON.parse(png.stdout)).toMatchObject({
        question: 'seasonality',
        parameters: { by: 'quarter' },
      });
      expect(readFileSync(files[0]!, 'utf8')).toMatch(/^<svg [\s\S]*Jun[\s\S]*<\/svg>/);
      // a machine without any font is told so
      if (png.code === 0) expect(readFileSync(files[1]!).subarray(0, 4).toString('latin1')).toBe('\x89PNG');
      else expect(png.stderr).toContain('no font');
      expect(drawn.stdout).toMatch(/Released +█+/);
      rmSync(folder, { recursive: true });
    });

    it('says why nothing comes', async () => {
      const [threshold, span, csv, series, film] = await Promise.all([
        run('company-year', '--company', 'pixar animation studios', '--min-n', '50'),
        run('genre-year', '--year', '1850'),
        run('genre-year', '--min-n', '5000', '--format', 'csv'),
        run('highest-earning-genres', '--series', 'strict', '--base-month', '1990-01'),
        run('movie', '999999'),
      ]);
      expect([threshold, span, csv, series, film].map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
      expect(threshold.stdout).toContain('nothing passes --min-n 50; with --min-n 1 there would be');
      expect(span.stdout).toContain('nothing passes --from 1850 with --to 1850; with --from 0 --to 2200');
      const seriesText = series.stdout.replaceAll('\n', ' ');
      expect(seriesText).toContain('dollars of 1990-01');
      expect(seriesText).toContain('nothing passes --series strict; with --series spliced there would be');
      expect(film.stdout).toContain('no rows: there is no film 999999');
      expect(csv.stdout.trimEnd().split('\n')).toHaveLength(1);
      expect(csv.stderr).toContain('no rows: nothing passes --min-n 5000');
    });

    it('refuses what it does not understand, and guesses what was meant', async () => {
      const wrong = await Promise.all(
        [
          ['trendin'],
          ['genre-year', '--genre', 'Dramma'],
          ['company-year', '--company', 'Canal+'],
          ['company-year', '--credit', 'ful'],
          ['genre-year', '--form', '1990'],
          ['genre-year', '--from', '1999', '--to', '1990'],
          ['highest-earning-genres', '--base-month', '2017-13'],
          ['genre-year', '--chart', 'x.gif'],
        ].map((args) => run(...args)),
      );
      expect(wrong.map(({ code }) => code)).toEqual(wrong.map(() => 2));
      const said = wrong.map(({ stderr }) => stderr);
      expect(said[0]).toContain('did you mean trending?');
      expect(said[1]).toContain('did you mean Drama?');
      expect(said[2]).toMatch(
        /2 of them are called "Canal\+"; say which:\n {2}--company \d+ +Canal\+, \d+ films\n/,
      );
      expect(said[3]).toContain('none of full, fractional; did you mean full?');
      expect(said[4]).toContain('--from');
      expect(said[5]).toContain('--from 1999 is after --to 1990');
      expect(said[6]).toContain('not a month: write YYYY-MM');
      expect(said[7]).toContain('neither .svg nor .png');
      expect(existsSync('x.gif')).toBe(false);
    });
  });
}
