import { type DataModel, type DdlFile, type ModelTable, readDataModel } from './data-model.ts';
import { FOREIGN_KEYS, type ForeignKey } from './foreign-keys.ts';

/** A diagram for each; tables by the file of DDL that creates them. */
const CHAPTERS: readonly { readonly title: string; readonly text: string; readonly files: RegExp }[] = [
  {
    title: 'The catalogue',
    text:
      'Every row belongs to one load and carries its version; readers use the views without `catalog_`, which show the ' +
      'newest complete version ([why](decisions/0004-catalogue-by-version.md)).',
    files: /_catalogue/,
  },
  {
    title: 'The stream',
    text:
      'Every record of the topic is one row of `events_raw`; each aggregate is filled by a materialised view directly on it. ' +
      'A slot stands for one Kafka partition of one incarnation of one topic ([how delivery stays exact](delivery.md)).',
    files: /_(streams|events_raw|aggregates|ratings_by_year)\.sql/,
  },
  { title: 'Profiles, checks and bookkeeping', text: '', files: /./ },
];

/** `docs/data-model.md`: diagrams, foreign keys and views. */
export function dataModelPage(files: readonly DdlFile[]): string {
  const model = readDataModel(files);
  const chapterOf = ({ file }: ModelTable) => CHAPTERS.findIndex((chapter) => chapter.files.test(file));
  const chapters = CHAPTERS.map(({ title, text }, i) => {
    const tables = model.tables.filter((table) => chapterOf(table) === i);
    const parts = [`## ${title}`, text, diagram(model, tables), tables.map(sentence).join('\n')];
    return parts.filter((part) => part !== '').join('\n\n');
  });
  return `${[
    '# Data model',
    'Generated from `clickhouse/ddl` and `clickhouse/foreign-keys.ts` by `npm run generate`; do not edit. Types are shortened ' +
      'in the diagrams: an array is `T[]`, what an aggregate merges is the type of its value. PK marks the sorting key, which is ' +
      'not unique by itself; FK marks references.',
    ...chapters,
    foreignKeyTable(),
    viewTable(model),
  ].join('\n\n')}\n`;
}

function diagram(model: DataModel, tables: readonly ModelTable[]): string {
  const names = new Set(tables.map(({ name }) => name));
  const relations = new Set(
    FOREIGN_KEYS.flatMap((foreignKey) => {
      const [from, to] = [tableBehind(model, foreignKey.from), tableBehind(model, foreignKey.to)];
      return names.has(from) ? [relation(foreignKey, from, to)] : [];
    }),
  );
  return [
    '```mermaid',
    'erDiagram',
    ...tables.flatMap((table) => entity(model, table)),
    ...relations,
    '```',
  ].join('\n');
}

function relation(
  { column, isArray, key, zeroIsNone, mayDangle }: ForeignKey,
  from: string,
  to: string,
): string {
  const one = zeroIsNone || mayDangle !== undefined ? 'o|' : '||';
  const line = isArray ? '}o--o{' : `}o--${one}`;
  return `  ${from} ${line} ${to} : "${column} -> ${key}"`;
}

function entity(model: DataModel, table: ModelTable): string[] {
  const references = FOREIGN_KEYS.filter(({ from }) => tableBehind(model, from) === table.name);
  const lines = table.columns.map(({ name, type, comment }) => {
    const isKey = table.sortingKey.some(
      (part) => part.includes(name) && part.replace(/\W*\b\w+\(|\)/g, '') === name,
    );
    const isReference = references.some(({ column }) => column === name);
    const marks = [isKey ? 'PK' : '', isReference ? 'FK' : ''].filter((mark) => mark !== '').join(', ');
    const note = comment === '' ? '' : `"${comment.replaceAll('"', "'")}"`;
    return `    ${[shortType(type), name, marks, note].filter((part) => part !== '').join(' ')}`;
  });
  return [`  ${table.name} {`, ...lines, '  }'];
}

/** As Mermaid can bear it: one word. */
export function shortType(type: string): string {
  const inner = (pattern: RegExp) => pattern.exec(type)?.[1];
  const wrapped = inner(/^(?:LowCardinality|SimpleAggregateFunction)\((?:\w+, )?(.*)\)$/);
  if (wrapped !== undefined) return shortType(wrapped);
  const element = inner(/^Array\((.*)\)$/);
  if (element !== undefined) return `${shortType(element)}[]`;
  const nullable = inner(/^Nullable\((.*)\)$/);
  if (nullable !== undefined) return `${shortType(nullable)}_or_null`;
  if (type.startsWith('AggregateFunction(groupBitmap')) return 'Bitmap';
  return type.replace(/\(.*$/s, '');
}

function sentence({ name, text, engine, partitionKey, sortingKey }: ModelTable): string {
  const partition = partitionKey === '' ? '' : `, partitioned by \`${partitionKey}\``;
  const about = text === '' ? '' : ` ${text}`;
  return `- **${name}** (${engine}, ordered by \`${sortingKey.join(', ')}\`${partition}).${about}`;
}

function tableBehind(model: DataModel, name: string): string {
  const view = model.views.find((one) => one.name === name);
  return view ? tableBehind(model, view.source) : name;
}

function foreignKeyTable(): string {
  const rows = FOREIGN_KEYS.map(({ from, column, isArray, to, key, zeroIsNone, where, mayDangle }) => {
    const notes = [
      isArray ? 'each element' : '',
      where === undefined ? '' : `where \`${where}\``,
      zeroIsNone ? '0 refers to nothing' : '',
      mayDangle ?? '',
    ].filter((note) => note !== '');
    return `| \`${from}.${column}\` | \`${to}.${key}\` | ${notes.join('; ')} |`;
  });
  return [
    '## Foreign keys',
    '',
    'ClickHouse enforces none. `reelstream doctor` counts every reference and those that lead nowhere.',
    '',
    '| from | to | |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function viewTable({ views }: DataModel): string {
  const rows = views.map(({ name, source }) => `| \`${name}\` | \`${source}\` |`);
  return ['## Views', '', '| view | reads |', '| --- | --- |', ...rows].join('\n');
}
