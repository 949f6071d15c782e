import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDataModel, readDdlFiles } from '../../clickhouse/data-model.ts';
import { dataModelPage, shortType } from '../../clickhouse/data-model-page.ts';
import { projectRoot } from '../../runtime/environment.ts';

const files = readDdlFiles(join(projectRoot, 'clickhouse/ddl'));

describe('docs/data-model.md', () => {
  it('is current: npm run generate', () => {
    expect(readFileSync(join(projectRoot, 'docs/data-model.md'), 'utf8')).toBe(dataModelPage(files));
  });

  it('draws lines that Mermaid can read', () => {
    const diagrams = [...dataModelPage(files).matchAll(/```mermaid\nerDiagram\n([\s\S]*?)\n```/g)];
    expect(diagrams.length).toBeGreaterThan(1);
    for (const [, diagram] of diagrams) {
      for (const line of diagram!.split('\n')) {
        expect(line).toMatch(
          /^ {2}(\w+ \{|\}|\w+ \}o--(o\{|\|\||o\|) \w+ : "[^"]+")$|^ {4}\w+(\[\])? \w+( PK| FK| PK, FK)?( "[^"]*")?$/,
        );
      }
    }
  });
});

describe('reading DDL', () => {
  const table = (text: string) => readDataModel([{ name: '001_x.sql', text }]).tables[0]!;
  const TEXT = `-- Not of the table.

-- What it holds,
-- in two lines.
CREATE TABLE IF NOT EXISTS things
(
    id     UInt32,
    kind   Enum8('a, b' = 1, 'c' = 2) COMMENT 'with, commas (and brackets)',
    -- a remark
    price  Nullable(Decimal(9, 2)) DEFAULT 0 CODEC(Delta, LZ4),
    INDEX price_range price TYPE minmax
)
ENGINE = ReplacingMergeTree(id)
PARTITION BY (id, toYYYYMM(day))
ORDER BY (id, kind)
SETTINGS x = 1;
`;

  it('finds columns, keys and the comment above', () => {
    expect(table(TEXT)).toEqual({
      name: 'things',
      file: '001_x.sql',
      text: 'What it holds, in two lines.',
      engine: 'ReplacingMergeTree',
      partitionKey: '(id, toYYYYMM(day))',
      sortingKey: ['id', 'kind'],
      columns: [
        { name: 'id', type: 'UInt32', comment: '' },
        { name: 'kind', type: "Enum8('a, b' = 1, 'c' = 2)", comment: 'with, commas (and brackets)' },
        { name: 'price', type: 'Nullable(Decimal(9, 2))', comment: '' },
      ],
    });
  });

  it('follows what later files change', () => {
    const changes = `ALTER TABLE things RENAME COLUMN IF EXISTS id TO thing_id;
ALTER TABLE things ADD COLUMN IF NOT EXISTS size Float64 COMMENT 'in m' AFTER thing_id, DROP COLUMN price;
ALTER TABLE things MODIFY COLUMN kind String;
ALTER TABLE things COMMENT COLUMN thing_id 'its id';
ALTER TABLE things MODIFY SETTING x = 2;
`;
    expect(table(TEXT + changes).columns).toEqual([
      { name: 'thing_id', type: 'UInt32', comment: 'its id' },
      { name: 'size', type: 'Float64', comment: 'in m' },
      { name: 'kind', type: 'String', comment: 'with, commas (and brackets)' },
    ]);
    expect(() => table(`${TEXT}ALTER TABLE things DROP COLUMN nothing;\n`)).toThrow('no column nothing');
    expect(() => table('ALTER TABLE other DROP COLUMN id;\n')).toThrow('before it is created');
  });

  it('shortens types', () => {
    expect(
      [
        'Array(LowCardinality(String))',
        "DateTime64(3, 'UTC')",
        'SimpleAggregateFunction(max, UInt128)',
        'Nullable(Date32)',
        'AggregateFunction(groupBitmap, UInt32)',
        'Map(String, UInt64)',
      ].map(shortType),
    ).toEqual(['String[]', 'DateTime64', 'UInt128', 'Date32_or_null', 'Bitmap', 'Map']);
  });
});
