import { statSync } from 'node:fs';
import { tokenize } from './lexer.ts';
import { ServerException } from './server-exception.ts';
import type { ByteText } from './sql-text.ts';
import { nameOf } from './statement.ts';

/** Table functions that make their rows out of nothing, or out of tables. Every other one is refused to readers. */
const HARMLESS_TABLE_FUNCTIONS = new Set(
  `numbers numbers_mt zeros zeros_mt primes values sqlstandardvalues generaterandom generateseries generate_series
   null view merge format`.split(/\s+/),
);
/** Scalar functions that open a file, a table by its name, a model or a connection. */
const OUTSIDE_FUNCTIONS = /^(file|hascolumnintable|joinget(ornull)?|catboostevaluate|ai[a-z]+)$/;
/** Settings that name files, tables or addresses, or are SQL themselves. */
const OUTSIDE_SETTINGS =
  /^(format_template_|format_schema|output_format_schema|additional_\w*filter|parallel_replicas_custom_key|implicit_table_at_top_level|format_avro_schema_registry|dialect$|\w*promql|\w*_(url|path)$)/i;
/** `in`, `notIn`, `globalNullIn` …: what stands on their right may be a table or a table function */
const IN_FUNCTION = /^(global)?(not)?(null)?in(ignoreset)?$/i;
/** nodes that do not show what stands in them */
const OPAQUE_NODE = /^ *(Show(?!Create)\w*|ColumnsApplyTransformer)\b/;
const NAME_OF_TABLES_NODE = /^(Exists|ShowCreate|Describe)/;
const FORGED = /[\\\n\r]| \((alias|children) /;
/** whatever has other characters is a path, a pattern or an address */
const TABLE_NAME = /^[\p{L}\p{N}_.$ -]+$/u;

/** One line of EXPLAIN AST. */
interface Node {
  readonly depth: number;
  readonly kind: string;
  readonly name: string;
}

/**
 * Refuses what reads outside the databases: files, addresses, other servers. The engine's `readonly` is not enough: it
 * knows the source of a table function in a SELECT and nothing else. Files are out of everybody's reach (`machine-files.ts`);
 * this keeps readers from addresses and other servers too, and is the second lock for files.
 * @param lines the engine's own parse, from EXPLAIN AST
 * @param tableFunctions every name that the engine knows, in lower case
 * @throws ServerException 164
 */
export function refuseOutsideAccess(
  text: ByteText,
  lines: readonly string[],
  tableFunctions: ReadonlySet<string>,
): void {
  const refuseFunction = (name: string) => {
    const lower = name.toLowerCase();
    const isOutside = tableFunctions.has(lower) && !HARMLESS_TABLE_FUNCTIONS.has(lower);
    if (isOutside || OUTSIDE_FUNCTIONS.test(lower)) throw refusal(`the function ${name}`);
  };
  refuseTokens(
    text,
    lines.some((line) => OPAQUE_NODE.test(line)),
    refuseFunction,
  );
  const nodes = lines.filter((line) => line.trim() !== '').map(nodeOf);
  nodes.forEach((node, i) => {
    if (node.kind === 'TableIdentifier') requireTable(node.name);
    if (node.kind === 'Identifier' && NAME_OF_TABLES_NODE.test(nodes[0]!.kind)) requireTable(node.name);
    if (node.kind !== 'Function') return;
    refuseFunction(node.name);
    if (nodes[i - 1]?.kind === 'TableExpression' && !HARMLESS_TABLE_FUNCTIONS.has(node.name.toLowerCase())) {
      throw refusal(`the table function ${node.name}`);
    }
    const right = IN_FUNCTION.test(node.name) ? secondArgument(nodes, i) : null;
    if (right?.kind === 'Identifier') requireTable(right.name);
  });
}

/** @throws ServerException 164 for a setting or parameter that would do what the statement may not */
export function refuseOutsideParameters(text: ByteText, settings: ReadonlyMap<string, string>): void {
  refuseSettings(settings.keys());
  if (!/identifier/i.test(text)) return;
  for (const [name, value] of settings) {
    // used as a name it could forge a line of the tree
    if (name.startsWith('param_') && FORGED.test(value)) throw refusal(`the value of ${name}`);
  }
}

function refuseSettings(names: Iterable<string>): void {
  for (const name of names) if (OUTSIDE_SETTINGS.test(name)) throw refusal(`the setting ${name}`);
}

/**
 * What the tree does not show: settings, and the insides of opaque nodes. Names that would be
 * read as something else in the tree, or are escaped, are refused.
 */
function refuseTokens(text: ByteText, hasOpaqueNodes: boolean, refuseFunction: (name: string) => void): void {
  let before: string | null = null;
  for (const token of tokenize(text)) {
    const isName = token.kind === 'word' || token.kind === 'identifier';
    const name = isName ? nameOf(text, token) : null;
    if (token.kind === 'identifier' && name !== null && /[\\\n\r]/.test(name))
      throw refusal('an escaped name');
    if (before !== null && text[token.start] === '(') refuseFunction(before);
    if (name !== null) {
      refuseSettings([name]);
      if (hasOpaqueNodes) {
        refuseFunction(name);
        requireTable(name);
        if (name.toLowerCase() === 'identifier') throw refusal('a name that comes as a parameter');
      }
    }
    before = name;
  }
}

function nodeOf(line: string): Node {
  const depth = line.length - line.trimStart().length;
  const [kind = ''] = line.slice(depth).split(' ', 1);
  const name = line.slice(depth + kind.length + 1).split(/ \((?:alias|children) /, 1)[0]!;
  return { depth, kind, name };
}

/** `Function in` → `ExpressionList` → left, right */
function secondArgument(nodes: readonly Node[], at: number): Node | null {
  const depth = nodes[at]!.depth + 2;
  let found = 0;
  for (let i = at + 1; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (node.depth < depth - 1) return null;
    if (node.depth === depth && ++found === 2) return node;
  }
  return null;
}

/** A name that could be a path or a pattern. */
function requireTable(name: string): void {
  const inDefault = name.replace(/^default\./, '');
  if (TABLE_NAME.test(name) && !isFile(name) && !isFile(inDefault)) return;
  throw refusal(`the name ${name}`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function refusal(what: string): ServerException {
  const message = `Cannot execute query in readonly mode: ${what} reaches outside the databases`;
  return new ServerException(164, 'READONLY', message);
}
