import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { type Check, checkFault, measuresOf } from '../core/checks.ts';
import { ReelstreamError } from '../core/errors.ts';
import { catalogueMeasures } from './catalogue-measures.ts';
import { isPipelineMeasure } from './pipeline-measures.ts';

/** Checks of a file; `off` names checks of the program that it switches off. */
export interface FileChecks {
  readonly checks: readonly Check[];
  readonly off: readonly string[];
}

export const NO_FILE_CHECKS: FileChecks = { checks: [], off: [] };

/** What a field must be, and what it is when it is left out; null = it must be there. */
const FIELDS = {
  name: { type: 'string', fallback: null },
  left: { type: 'string', fallback: null },
  operator: { type: 'string', fallback: null },
  right: { type: 'string or number', fallback: '' },
  factor: { type: 'number', fallback: 1 },
  minimum: { type: 'number', fallback: 0 },
  severity: { type: 'string', fallback: 'ticket' },
  enabled: { type: 'boolean', fallback: true },
} as const;
type Field = keyof typeof FIELDS;

/** A person's file: every fault names file, line and field. */
export function parseChecksFile(path: string, text: string): FileChecks {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) =>
    `${path}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  const refuse = (offset: number | undefined, what: string): never => {
    throw new ReelstreamError('settings', `${at(offset)}: ${what}`);
  };
  const [broken] = document.errors;
  if (broken) refuse(broken.pos[0], broken.message);
  const list = isMap(document.contents) ? document.contents.get('checks') : null;
  if (!isSeq(list)) return refuse(0, 'checks: the file must hold a list of that name');

  const names = new Map<string, number>();
  const found = list.items.map((item) => {
    if (!isMap(item)) return refuse(rangeOf(item), 'checks: each one is fields with values');
    const entry = readEntry(item, refuse);
    const line = rangeOf(item)!;
    if (names.has(entry.name)) {
      refuse(line, `name: ${entry.name} is there already, in ${at(names.get(entry.name))}`);
    }
    names.set(entry.name, line);
    return entry;
  });
  return {
    checks: found.filter(({ enabled }) => enabled).map(({ enabled: _, ...check }) => check),
    off: found.filter(({ enabled }) => !enabled).map(({ name }) => name),
  };
}

type Refuse = (offset: number | undefined, what: string) => never;

function readEntry(item: YAMLMap, refuse: Refuse): Check & { readonly enabled: boolean } {
  const pairs = new Map(item.items.map((pair) => [String(scalarOf(pair.key)), pair]));
  for (const [field, pair] of pairs) {
    if (!(field in FIELDS)) {
      refuse(rangeOf(pair.key), `${field}: no such field; there are ${Object.keys(FIELDS).join(', ')}`);
    }
  }
  const offsetOf = (field: Field) => rangeOf(pairs.get(field)?.key) ?? rangeOf(item);
  const enabled = readField('enabled', pairs, refuse, rangeOf(item)) === true;
  // to switch one off its name is enough
  const values = Object.fromEntries(
    (Object.keys(FIELDS) as Field[]).map((field) => [
      field,
      !enabled && field !== 'name' && !pairs.has(field) ? '' : readField(field, pairs, refuse, rangeOf(item)),
    ]),
  );
  const check = { ...values, right: String(values.right), enabled } as Check & { enabled: boolean };
  if (!enabled) return check;
  const fault = checkFault(check);
  if (fault) refuse(offsetOf(fieldOf(fault, check)), `${fieldOf(fault, check)}: ${fault}`);
  const unknown = measuresOf([check]).find(
    (name) => !catalogueMeasures.knows(name) && !isPipelineMeasure(name),
  );
  if (unknown !== undefined) {
    const field = unknown === check.left ? 'left' : 'right';
    refuse(offsetOf(field), `${field}: nothing is called ${unknown}; see reelstream check --help`);
  }
  return check;
}

function readField(
  field: Field,
  pairs: ReadonlyMap<string, Pair>,
  refuse: Refuse,
  itemOffset: number | undefined,
): unknown {
  const { type, fallback } = FIELDS[field];
  const pair = pairs.get(field);
  if (!pair) return fallback ?? refuse(itemOffset, `${field}: is missing`);
  const value = scalarOf(pair.value);
  const isRight = type.split(' or ').includes(typeof value);
  if (isRight) return value;
  return refuse(rangeOf(pair.key), `${field}: must be a ${type}`);
}

/** The kernel says what is wrong with the whole; a person wants to know where. */
function fieldOf(fault: string, { operator, severity }: Check): Field {
  if (fault.includes('no operator') && fault.includes(operator)) return 'operator';
  if (fault.includes('no severity') && fault.includes(severity)) return 'severity';
  const named = (['factor', 'minimum', 'right', 'left'] as const).find((field) => fault.includes(field));
  return named ?? 'name';
}

function scalarOf(node: unknown): unknown {
  return isScalar(node) ? node.value : undefined;
}

function rangeOf(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] } | null | undefined)?.range?.[0];
}
