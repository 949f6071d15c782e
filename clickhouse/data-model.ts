import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One statement file of `clickhouse/ddl`. */
export interface DdlFile {
  readonly name: string;
  readonly text: string;
}

export interface ModelColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

export interface ModelTable {
  readonly name: string;
  /** file that creates it */
  readonly file: string;
  readonly engine: string;
  readonly columns: readonly ModelColumn[];
  /** columns of ORDER BY */
  readonly sortingKey: readonly string[];
  readonly partitionKey: string;
  /** the comment lines above it */
  readonly text: string;
}

export interface ModelView {
  readonly name: string;
  readonly file: string;
  /** what it reads first */
  readonly source: string;
}

export interface DataModel {
  readonly tables: readonly ModelTable[];
  readonly views: readonly ModelView[];
}

export function readDdlFiles(folder: string): DdlFile[] {
  return readdirSync(folder)
    .filter((name) => /^\d{3}_.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

/** The tables and views that the files make when they are applied in order, read from their text. */
export function readDataModel(files: readonly DdlFile[]): DataModel {
  const tables = new Map<string, ModelTable>();
  const views: ModelView[] = [];
  for (const file of files) {
    for (const { text, statement } of statementsOf(file.text)) {
      const created = /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement);
      if (created) tables.set(created[1]!, toTable(created[1]!, file.name, text, statement));
      const view = /^CREATE VIEW IF NOT EXISTS (\w+) AS\b/.exec(statement);
      const source = /\bFROM\s+(\w+)/.exec(statement)?.[1] ?? '';
      if (view) views.push({ name: view[1]!, file: file.name, source });
      const altered = /^ALTER TABLE (\w+)\s+/.exec(statement);
      if (!altered) continue;
      const table = tables.get(altered[1]!);
      if (!table) throw new Error(`${file.name} alters ${altered[1]} before it is created`);
      tables.set(table.name, alter(table, splitTopLevel(statement.slice(altered[0].length))));
    }
  }
  return { tables: [...tables.values()], views };
}

/** Statements with the comment that stands directly above each. */
function statementsOf(text: string): { text: string; statement: string }[] {
  return text.split(/;\s*$/m).flatMap((piece) => {
    const lines = piece.trim().split('\n');
    const start = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('--'));
    if (start === -1) return [];
    const blank = lines.slice(0, start).findLastIndex((line) => line.trim() === '');
    const comment = lines.slice(blank + 1, start).map((line) => line.replace(/^--\s?/, ''));
    const statement = lines
      .slice(start)
      .filter((line) => !line.trim().startsWith('--'))
      .join('\n');
    return [{ text: comment.join(' '), statement }];
  });
}

function toTable(name: string, file: string, text: string, statement: string): ModelTable {
  const open = statement.indexOf('(');
  const close = closingBracket(statement, open);
  const tail = statement.slice(close + 1);
  const after = (pattern: RegExp) => (pattern.exec(tail)?.[1] ?? '').trim();
  return {
    name,
    file,
    text,
    engine: after(/ENGINE = (\w+)/),
    sortingKey: after(/ORDER BY ([\s\S]*?)(?=\nSETTINGS|$)/)
      .replace(/^\(|\)$/g, '')
      .split(',')
      .map((column) => column.trim()),
    partitionKey: after(/PARTITION BY ([\s\S]*?)\nORDER BY/),
    columns: splitTopLevel(statement.slice(open + 1, close))
      .filter((entry) => !/^(INDEX|CONSTRAINT|PROJECTION)\b/.test(entry))
      .map(toColumn),
  };
}

const CLAUSE = /\s+(?:DEFAULT|MATERIALIZED|ALIAS|CODEC|COMMENT|AFTER|FIRST)\b/;

function toColumn(entry: string): ModelColumn {
  const [, name = '', rest = ''] = /^(\w+)\s+([\s\S]*)$/.exec(entry.trim()) ?? [];
  const type = rest.split(CLAUSE)[0]!.replace(/\s+/g, ' ').trim();
  return { name, type, comment: /\bCOMMENT '((?:[^'\\]|\\.)*)'/.exec(rest)?.[1] ?? '' };
}

function alter(table: ModelTable, actions: readonly string[]): ModelTable {
  let columns = [...table.columns];
  for (const action of actions) {
    const [, verb = '', name = '', rest = ''] =
      /^(ADD|RENAME|MODIFY|COMMENT|DROP) COLUMN (?:IF (?:NOT )?EXISTS )?(\w+)\s*([\s\S]*)$/.exec(
        action.trim(),
      ) ?? [];
    const at = columns.findIndex((column) => column.name === name);
    const before = columns[at];
    if (verb === 'ADD') {
      const previous = /\bAFTER (\w+)/.exec(rest)?.[1];
      const place =
        previous === undefined ? columns.length : columns.findIndex((one) => one.name === previous) + 1;
      columns.splice(place, 0, toColumn(`${name} ${rest}`));
    } else if (verb === '') continue;
    else if (!before) throw new Error(`${table.name} has no column ${name}: ${action}`);
    else if (verb === 'RENAME') columns[at] = { ...before, name: /^TO (\w+)/.exec(rest)![1]! };
    else if (verb === 'COMMENT') columns[at] = { ...before, comment: /^'(.*)'$/s.exec(rest.trim())![1]! };
    else if (verb === 'DROP') columns = columns.filter((column) => column !== before);
    else {
      const changed = toColumn(`${name} ${rest}`);
      columns[at] = { ...changed, comment: changed.comment || before.comment };
    }
  }
  return { ...table, columns };
}

/** Pieces between commas that no bracket and no quote encloses. */
function splitTopLevel(text: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "'" && text[i - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) {
      pieces.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return [...pieces, text.slice(start).trim()].filter((piece) => piece !== '');
}

function closingBracket(text: string, open: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "'") quoted = !quoted;
    if (quoted) continue;
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return i;
  }
  throw new Error(`no bracket closes ${text.slice(open, open + 40)}`);
}
