import { type Token, tokenize } from './lexer.ts';
import { ServerException } from './server-exception.ts';
import type { ByteText } from './sql-text.ts';
import { nameOf, type Statement, wordOf } from './statement.ts';

/** Engines of tables and databases that keep to the data folder or to the network. */
const ENGINES = new Set(
  `Log TinyLog StripeLog Memory Null Set Join Buffer Merge Distributed Dictionary GenerateRandom Alias Loop View
   MaterializedView WindowView TimeSeries KeeperMap Kafka RabbitMQ NATS S3 S3Queue MySQL PostgreSQL MongoDB Redis Remote
   AzureBlobStorage Atomic Replicated`.split(/\s+/),
);
const MERGE_TREE = /^\w*MergeTree$/;
const DICTIONARY_SOURCES = new Set(
  'clickhouse null http mysql postgresql mongodb redis cassandra'.split(' '),
);
/** Settings that name a file, or are SQL inside a string or inside the rows, where no rule of this file looks. */
const SETTINGS =
  /^(format_template_\w+|format_schema\w*|output_format_schema|(kafka|rabbitmq|nats)_schema|additional_\w*filters?|parallel_replicas_custom_key|dialect|\w*promql\w*|allow_experimental_eval_table_function|input_format_values_(interpret|deduce)_\w+)$/;
/** those of them that a statement may turn on by their mere name */
const SWITCHES = /^(allow_experimental_eval|input_format_values)_/;
/** the engine writes it in small letters only */
const FILE_FUNCTION = 'file';
/** what takes a function as its first argument: there the bare name is enough, where no column has it */
const HIGHER_ORDER = /^(array|map)[a-z]+$/i;
/** these open something before the engine asks whether they may */
const EAGER_FUNCTIONS = new Set(['sqlite', 'executable', 'catboostevaluate']);

/** words that may follow a column called `engine` */
const AFTER_A_COLUMN = new Set('FROM AS AND OR IN NOT LIKE ILIKE IS ORDER GROUP LIMIT DESC ASC'.split(' '));
/** A text without any of these needs no second look: most statements end here. */
const SUSPICIOUS =
  /file|\\x|catboost|sqlite|executable|disk|engine|source|ssd_cache|attach|format_template|_schema|_filter|custom_key|dialect|promql|eval_table|format_values_|param_|function/i;

/** Four tokens in a row; the rules look at the second. */
interface Place {
  readonly text: ByteText;
  readonly before: Token | null;
  readonly token: Token;
  readonly after: Token | null;
  readonly third: Token | null;
  /** of brackets around the token */
  readonly depth: number;
  /** name in front of the brackets that open right before the token, and how many they are */
  readonly call: { readonly name: string; readonly brackets: number } | null;
}

/**
 * No statement of anybody opens a file of this machine. What the engine itself refuses (`ENGINE_USERS`: table functions;
 * there is no database of files) is not repeated here. This is what it lets through because it takes itself for a tool
 * for one's own files: the function `file`, engines and dictionaries with a path, disks, INFILE and OUTFILE.
 * @throws ServerException 497; 358 for INTO OUTFILE
 */
export function refuseMachineFiles(text: ByteText, statement: Statement): void {
  if (!SUSPICIOUS.test(text)) return;
  const isDefinition = statement.kind === 'command' && /\b(create|attach|replace|parallel)\b/i.test(text);
  const isAttach = isDefinition && /\battach\b/i.test(text);
  const isDictionary = /\bdictionary\b/i.test(text);
  const isFunction = isDefinition && /\bfunction\b/i.test(text);
  const isParallel = /\bparallel\b/i.test(text);
  for (const place of placesOf(text)) {
    refuseName(place);
    refuseClause(place);
    if (isDefinition) refuseDefinition(place, isParallel);
    if (isFunction) refuseForwardedFunction(place);
    if (isAttach && wordAt(place, 'token') === 'FROM' && place.after?.kind === 'string')
      throw refusal('ATTACH … FROM a path');
    // its source may be a query, in quotes
    if (isDictionary && place.token.kind === 'string') refuseQueryInString(place);
  }
}

/** @throws ServerException 497 for a setting or a parameter of the address that would open a file */
export function refuseMachineFileParameters(settings: ReadonlyMap<string, string>): void {
  for (const [name, value] of settings) {
    if (SETTINGS.test(name)) throw refusal(`the setting ${name}`);
    if (name.startsWith('param_') && isFileFunction(value)) throw refusal(`${name}=${value}`);
  }
}

/** Holds four tokens, however long the text is. */
function* placesOf(text: ByteText): Generator<Place> {
  let depth = 0;
  let call = null as Place['call'];
  let window: (Token | null)[] = [null, null, null, null];
  const shift = (token: Token | null) => {
    window = [...window.slice(1), token];
    const [before = null, current, after = null, third = null] = window;
    return current ? { text, before, token: current, after, third, depth, call } : null;
  };
  for (const tokens of [tokenize(text), [null, null]]) {
    for (const token of tokens) {
      const place = shift(token);
      if (!place) continue;
      yield place;
      const symbol = place.token.kind === 'symbol' ? text[place.token.start] : '';
      if (symbol === '(') {
        depth += 1;
        call = call ? { ...call, brackets: call.brackets + 1 } : calledAt(place);
      } else {
        call = null;
        if (symbol === ')') depth -= 1;
      }
    }
  }
}

function calledAt(place: Place): Place['call'] {
  const name = nameAt(place, 'before');
  return name === null ? null : { name, brackets: 1 };
}

type Position = 'before' | 'token' | 'after' | 'third';

/** upper case for words, the text itself for symbols and quoted ones, '' for none */
function wordAt(place: Place, position: Position): string {
  const token = place[position];
  return token ? wordOf(place.text, token) : '';
}

function nameAt(place: Place, position: Position): string | null {
  const token = place[position];
  return token?.kind === 'word' || token?.kind === 'identifier' ? nameOf(place.text, token) : null;
}

/** `file('x')`, and also `arrayMap(file, …)` and `APPLY file`; elsewhere a column may have this name. */
function refuseName(place: Place): void {
  const name = nameAt(place, 'token');
  if (name === null) return;
  const [before, after] = [wordAt(place, 'before'), wordAt(place, 'after')];
  if (place.token.kind === 'identifier' && name.includes('\\x')) throw refusal('an escaped name');
  if (SETTINGS.test(name) && (after === '=' || SWITCHES.test(name))) throw refusal(`the setting ${name}`);
  if (name === 'disk' && after === '(') throw refusal('a disk of its own');
  if (after === '(' && EAGER_FUNCTIONS.has(name.toLowerCase())) throw refusal(`the function ${name}`);
  const isFunction = after === '(' || before === 'APPLY' || isFunctionArgument(place);
  if (name === FILE_FUNCTION && before !== '.' && isFunction) throw refusal('the function file');
  const isParameter = name.startsWith('param_') && after === '=' && place.third?.kind === 'string';
  if (isParameter && isFileFunction(insideOf(place.text, place.third))) {
    throw refusal('a parameter that is the name of the function file');
  }
}

function isFunctionArgument({ call }: Place): boolean {
  return call !== null && (call.name.toUpperCase() === 'APPLY' || HIGHER_ORDER.test(call.name));
}

/** `CREATE FUNCTION f AS (g, x) -> arrayMap(g, x)` would turn any name into a function. */
function refuseForwardedFunction(place: Place): void {
  if (nameAt(place, 'token') === null || !isFunctionArgument(place)) return;
  const isAlone = wordAt(place, 'after') === (place.call?.brackets === 1 ? ',' : ')');
  if (isAlone) throw refusal('a function that is given to another by its name');
}

function refuseClause(place: Place): void {
  const [word, before] = [wordAt(place, 'token'), wordAt(place, 'before')];
  const isPath = place.token.kind === 'word' && place.after?.kind === 'string';
  if (isPath && word === 'OUTFILE' && before === 'INTO') {
    throw new ServerException(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
  }
  if (isPath && word === 'INFILE' && before === 'FROM') throw refusal('FROM INFILE');
}

function refuseDefinition(place: Place, isParallel: boolean): void {
  const [word, after] = [wordAt(place, 'token'), wordAt(place, 'after')];
  if (place.token.kind === 'word' && word === 'ENGINE') {
    const engine = nameAt(place, after === '=' ? 'third' : 'after');
    const isClause = after === '=' || place.depth === 0 || isParallel;
    const isColumn = after !== '=' && AFTER_A_COLUMN.has(engine?.toUpperCase() ?? '');
    if (engine !== null && isClause && !isColumn && !ENGINES.has(engine) && !MERGE_TREE.test(engine))
      throw refusal(`the engine ${engine}`);
  }
  if (word === 'SOURCE' && after === '(') {
    const source = nameAt(place, 'third') ?? '';
    if (!DICTIONARY_SOURCES.has(source.toLowerCase())) throw refusal(`a dictionary from ${source}`);
  }
  const name = nameAt(place, 'token');
  if (/SSD_CACHE$/i.test(name ?? '') && wordAt(place, 'before') === '(') throw refusal('a cache with a path');
}

function isFileFunction(value: string): boolean {
  return value.trim() === FILE_FUNCTION || value.includes('\\x');
}

function insideOf(text: ByteText, token: Token | null): string {
  return token ? text.slice(token.start + 1, token.end - 1) : '';
}

function refuseQueryInString(place: Place): void {
  if (/\bfile\b|\\x/.test(insideOf(place.text, place.token)))
    throw refusal('the function file in a query of a dictionary');
}

function refusal(what: string): ServerException {
  return new ServerException(
    497,
    'ACCESS_DENIED',
    `Files of this machine cannot be reached: ${what} is not allowed here`,
  );
}
