/** The commands that install what the suites need and this machine lacks, one a line; nothing when all is there. */
import { installCommand } from '../scripts/setup/facts.mjs';
import { findCommand, javaFault, readSystem } from '../scripts/setup/machine.mjs';

const system = readSystem();
const lacks = {
  java: javaFault(),
  maven: findCommand('mvn') ? null : 'missing',
};
for (const [tool, fault] of Object.entries(lacks)) {
  if (fault) process.stdout.write(`${installCommand(tool, system)}\n`);
}
// browser tests drive it
if (!findCommand('chromium')) process.stdout.write('apt-get install -y chromium\n');
if (!findCommand('git')) process.stdout.write('apt-get install -y git\n');
