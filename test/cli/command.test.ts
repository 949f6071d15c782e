import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDurationMs, parseInteger } from '../../cli/command.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { projectRoot } from '../../runtime/environment.ts';

describe('commands', () => {
  it('are listed once each, and every file is listed', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const files = readdirSync(join(projectRoot, 'cli', 'commands')).map((file) => file.replace(/\.ts$/, ''));
    expect([...names].sort()).toEqual(files.sort());
  });

  it('have a summary without a full stop', () => {
    expect(COMMANDS.filter(({ summary }) => summary === '' || summary.endsWith('.'))).toEqual([]);
  });
});

describe('option parsers', () => {
  it('read durations', () => {
    expect(parseDurationMs('60s')).toBe(60_000);
    expect(parseDurationMs('1m30s')).toBe(90_000);
    expect(parseDurationMs('250ms')).toBe(250);
    expect(parseDurationMs('0.5h')).toBe(1_800_000);
  });

  it('refuse what is no duration', () => {
    for (const text of ['', '60', 's', '60 s', '1m-3s', '5y'])
      expect(() => parseDurationMs(text)).toThrow(/not a duration/);
  });

  it('hold whole numbers to their range', () => {
    const parse = parseInteger('--rate', 1, 10);
    expect(parse('7')).toBe(7);
    expect(() => parseInteger('--seed', 0, 10)('')).toThrow(/--seed/);
    for (const text of ['0', '11', '1.5', 'x', '', ' ', '1e1', '0x1'])
      expect(() => parse(text)).toThrow(/--rate/);
  });
});
