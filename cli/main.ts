import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { toReelstreamError } from '../core/errors.ts';
import { projectRoot } from '../runtime/environment.ts';
import { exitCodeOf } from '../runtime/exit-codes.ts';
import { outputLost, watchOutput } from '../runtime/output.ts';
import { COMMANDS } from './commands.ts';

/** Only the command that was asked for is loaded: `--help` must not wait for Kafka clients and engines. */
async function main(argv: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const program = new Command('reelstream')
    .description('Movie ratings from Kafka to exact ClickHouse aggregates and an online recommender')
    .version(version)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  const wanted = argv.find((argument) => !argument.startsWith('-'));
  for (const { name, usage, summary, hidden, load } of COMMANDS) {
    const command = program.command(usage ? `${name} ${usage}` : name, { hidden: hidden === true });
    command.summary(summary).description(summary).exitOverride();
    if (name === wanted || (wanted === 'help' && argv.includes(name))) (await load()).configure(command);
  }
  await program.parseAsync(argv, { from: 'user' });
}

/** A command that is done ends its process; what a library left open must not keep a supervisor waiting. */
const LINGER_MS = 2_000;

/** The AWS SDK's own switch for the one warning that it prints wherever Node is older than 22; its other warnings stay. */
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

watchOutput();
try {
  await main(process.argv.slice(2));
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  } else if (outputLost.aborted && (thrown as NodeJS.ErrnoException).code === 'EPIPE') {
    // As with any program before `| head`: the reader has what it wanted
    process.exitCode = 0;
  } else {
    const error = toReelstreamError(thrown);
    const text = error.code === 'unknown' && error.cause instanceof Error ? error.cause.stack : error.message;
    process.stderr.write(`reelstream: ${text}\n`);
    process.exitCode = exitCodeOf(error.code);
  }
}
setTimeout(() => {
  process.stderr.write(`reelstream: still open at the end: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.exit();
}, LINGER_MS).unref();
