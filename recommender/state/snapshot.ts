import { ReelstreamError } from '../../core/errors.ts';
import type { TypedArray } from './column.ts';
import type { Table } from './table.ts';

/** Raised when the meaning of an array changes: older snapshots are refused and the log is read again. */
export const SNAPSHOT_FORMAT = 1;

export interface SnapshotHeader {
  readonly format: number;
  /** what the state was learned with; a recommender built otherwise cannot go on from it */
  readonly settings: string;
}

export interface NamedArray {
  readonly name: string;
  readonly array: TypedArray;
}

/** All state of a recommender. Whoever stores it needs to know nothing but names, types and lengths. */
export interface Snapshot {
  readonly header: SnapshotHeader;
  readonly arrays: readonly NamedArray[];
}

/** The arrays are views of the living state: write or copy them before the next event. */
export function takeSnapshot(settings: string, tables: readonly Table[]): Snapshot {
  const arrays = tables.flatMap((table) =>
    Object.entries(table.columns).map(([column, { data, width }]) => ({
      name: `${table.name}.${column}`,
      array: data.subarray(0, table.rows * width),
    })),
  );
  return { header: { format: SNAPSHOT_FORMAT, settings }, arrays };
}

export function copySnapshot({ header, arrays }: Snapshot): Snapshot {
  return { header, arrays: arrays.map(({ name, array }) => ({ name, array: array.slice() })) };
}

/** @throws ReelstreamError `bad_data` when the snapshot is of another format, other settings, or not whole */
export function restoreTables(snapshot: Snapshot, settings: string, tables: readonly Table[]): void {
  const { header } = snapshot;
  if (header.format !== SNAPSHOT_FORMAT) {
    throw refusal(`it has format ${header.format}, this version reads ${SNAPSHOT_FORMAT}`);
  }
  if (header.settings !== settings) throw refusal(differenceOf(header.settings, settings));
  const byName = new Map(snapshot.arrays.map(({ name, array }) => [name, array]));
  for (const table of tables) restoreTable(table, byName);
}

/** The settings that differ, by name: nobody compares two lines of JSON. */
function differenceOf(saved: string, wanted: string): string {
  const now = new Map(leavesOf(JSON.parse(wanted)));
  const before = new Map(leavesOf(JSON.parse(saved)));
  const names = new Set([...before.keys(), ...now.keys()]);
  const differing = [...names].filter((name) => before.get(name) !== now.get(name));
  const told = differing.map((name) => `${name} ${before.get(name) ?? 'unknown'}, not ${now.get(name)}`);
  return `it was learned with ${told.join('; ')}`;
}

function leavesOf(value: object): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]): [string, unknown][] =>
    typeof inner === 'object' && inner !== null
      ? leavesOf(inner).map(([rest, leaf]) => [`${name}.${rest}`, leaf])
      : [[name, inner]],
  );
}

function restoreTable(table: Table, byName: ReadonlyMap<string, TypedArray>): void {
  let rows: number | undefined;
  for (const [columnName, column] of Object.entries(table.columns)) {
    const name = `${table.name}.${columnName}`;
    const saved = byName.get(name);
    if (!saved) throw refusal(`${name} is missing`);
    const savedRows = saved.length / column.width;
    if (!Number.isInteger(savedRows) || (rows ?? savedRows) !== savedRows) {
      throw refusal(`${name} has ${saved.length} values`);
    }
    rows = savedRows;
    try {
      column.replace(saved);
    } catch (error) {
      throw refusal(`${name} has ${(error as Error).message}`);
    }
  }
  table.rows = rows ?? 0;
}

function refusal(why: string): ReelstreamError {
  return new ReelstreamError('bad_data', `this snapshot cannot be continued: ${why}`);
}

/** 16 hexadecimal digits over every name and every bit: equal for equal states, whatever room the arrays have to grow. */
export function stateHash({ arrays }: Snapshot): string {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  const take = (word: number) => {
    a = Math.imul(a ^ word, 0x21f0aaad);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0x735a2d97) ^ a;
    b ^= b >>> 13;
  };
  for (const { name, array } of arrays) {
    for (const character of name) take(character.codePointAt(0)!);
    take(array.length);
    const whole = array.byteLength >>> 2;
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    if (array.byteOffset % 4 === 0) {
      const words = new Int32Array(array.buffer, array.byteOffset, whole);
      for (let k = 0; k < whole; k++) take(words[k]!);
      for (let k = whole * 4; k < bytes.length; k++) take(bytes[k]!);
    } else for (let k = 0; k < bytes.length; k++) take(bytes[k]!);
  }
  return [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
