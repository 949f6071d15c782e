import { nameOfForeignKey, type OrphanCount } from '../../clickhouse/foreign-keys.ts';
import type { Finding } from './findings.ts';

const what = 'references';

/** One line when every reference leads somewhere, else one for each foreign key with orphans. */
export function referenceFindings(counts: readonly OrphanCount[]): Finding[] {
  const broken = counts.filter(({ orphans }) => orphans > 0);
  const sound = counts.filter(({ orphans }) => orphans === 0);
  const references = sound.reduce((sum, one) => sum + one.references, 0);
  const detail = `${sound.length} of ${counts.length} foreign keys hold, ${references.toLocaleString('en-US')} references counted`;
  return [{ what, health: 'ok', detail }, ...broken.map(orphanFinding)];
}

function orphanFinding({ foreignKey, references, orphans, examples }: OrphanCount): Finding {
  const { mayDangle } = foreignKey;
  const figures = `${orphans.toLocaleString('en-US')} of ${references.toLocaleString('en-US')} lead nowhere (${examples.join(', ')}${examples.length < 5 ? '' : ', …'})`;
  return {
    what,
    health: mayDangle === undefined ? 'bad' : 'warn',
    detail: `${nameOfForeignKey(foreignKey)}: ${figures}${mayDangle === undefined ? '' : `; ${mayDangle}`}`,
  };
}
