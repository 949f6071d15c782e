/**
 * Reads a suite's own report. `counts FILE`: tests passed and failed. `retried FILE`: a line for each test that passed only
 * when it was tried again, with what went wrong the first time.
 */
import { existsSync, readFileSync } from 'node:fs';

const [what, file] = process.argv.slice(2);
if (!existsSync(file)) {
  process.stderr.write('the suite ended without a report\n');
  process.exit(1);
}
const report = JSON.parse(readFileSync(file, 'utf8'));
if (what === 'counts') {
  // a file that does not even load fails the run without a failed test
  const failed = report.success ? report.numFailedTests : Math.max(report.numFailedTests, 1);
  process.stdout.write(`${report.numPassedTests} ${failed}\n`);
} else {
  const retried = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0);
  for (const { fullName, failureMessages } of retried) {
    process.stdout.write(
      `== passed only when tried again: ${fullName}: ${failureMessages[0].split('\n')[0]}\n`,
    );
  }
}
