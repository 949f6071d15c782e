import { writeFileSync } from 'node:fs';
import type { Question } from '../../clickhouse/questions.ts';
import { type Answer, askQuestion } from '../../clickhouse/questions-answer.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import type { Settings } from '../../runtime/settings.ts';
import { printLine } from '../print.ts';
import { connectReadOnly } from '../read-only.ts';
import { didYouMean } from '../suggest.ts';
import { bindParameters, type GivenTexts, spreadYear } from './bind.ts';
import { type ChartPlan, planChart } from './chart-plan.ts';
import { drawInTerminal } from './chart-terminal.ts';
import { FORMATS, type Format, render, wrap } from './formats.ts';
import { explainEmpty } from './why-empty.ts';

export interface AskOptions {
  readonly format: string;
  readonly json?: boolean;
  readonly wide?: boolean;
  /** true: in the terminal; else a file */
  readonly chart?: boolean | string;
  readonly year?: string;
}

const DEFAULT_WIDTH = 80;
const LARGEST_WIDTH = 10_000;

/** Asks one question and prints its answer, or why there is none. */
export async function ask(
  question: Question,
  given: GivenTexts,
  options: AskOptions,
  settings: Settings,
): Promise<ExitCode> {
  const format = formatOf(options);
  const chartFile = typeof options.chart === 'string' ? checkedChartFile(options.chart) : null;
  const { clickhouse, limits } = connectReadOnly(settings);
  try {
    const tools = { clickhouse, limits, nowMs: Date.now() };
    const values = await bindParameters(question, spreadYear(question, given, options.year), tools);
    const answer = await askQuestion(clickhouse, question, values, limits);
    if (answer.rows.length === 0) {
      const reason = await explainEmpty(clickhouse, question, values, limits);
      printEmpty(answer, format, reason);
      return 0;
    }
    if (options.chart === true) printLine(drawInTerminal(drawable(answer), terminalWidth()));
    else printLine(render(answer, format, { width: options.wide ? LARGEST_WIDTH : terminalWidth() }));
    if (chartFile !== null) {
      await writeChart(chartFile, drawable(answer));
      process.stderr.write(`chart: ${chartFile}\n`);
    }
    return 0;
  } catch (thrown) {
    throw withAdvice(toReelstreamError(thrown));
  } finally {
    await clickhouse.close();
  }
}

const UNKNOWN_TABLE = 60;

function withAdvice(error: ReelstreamError): ReelstreamError {
  if (error.details.number !== UNKNOWN_TABLE) return error;
  const advice = 'a table is missing: run `reelstream migrate`, then `reelstream catalog load data`';
  return new ReelstreamError('clickhouse', advice, { cause: error });
}

function formatOf({ format, json }: AskOptions): Format {
  if (json) return 'json';
  const found = FORMATS.find((name) => name === format);
  if (found) return found;
  throw new ReelstreamError(
    'usage',
    `--format: "${format}" is none of ${FORMATS.join(', ')}${didYouMean(format, FORMATS)}`,
  );
}

function checkedChartFile(file: string): string {
  if (/\.(svg|png)$/.test(file)) return file;
  throw new ReelstreamError(
    'usage',
    `--chart: "${file}" is neither .svg nor .png; without a file it is drawn here`,
  );
}

function terminalWidth(): number {
  return process.stdout.columns ?? DEFAULT_WIDTH;
}

function drawable(answer: Answer): ChartPlan {
  const plan = planChart(answer);
  if (plan) return plan;
  throw new ReelstreamError('shortfall', 'no row of this answer has a figure to draw');
}

/** Machines get an answer without rows, and people, on whichever stream they look, the reason. */
function printEmpty(answer: Answer, format: Format, reason: string): void {
  if (format === 'csv' || format === 'json') {
    printLine(render(answer, format, { width: DEFAULT_WIDTH }));
    process.stderr.write(`no rows: ${reason}\n`);
    return;
  }
  for (const line of [
    ...wrap(answer.title, terminalWidth()),
    '',
    ...wrap(`no rows: ${reason}`, terminalWidth()),
  ])
    printLine(line);
}

/** The drawing library is loaded only when something is drawn: it is larger than everything else this command loads. */
async function writeChart(file: string, plan: ChartPlan): Promise<void> {
  const { drawSvg } = await import('./chart-svg.ts');
  const svg = drawSvg(plan);
  const bytes = file.endsWith('.png') ? (await import('./chart-png.ts')).toPng(svg) : svg;
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new ReelstreamError('usage', `--chart: ${(error as Error).message}`, { cause: error });
  }
}
