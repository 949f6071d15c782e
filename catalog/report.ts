import type { VersionCounts } from './catalogue.ts';
import type { CpiCoverage } from './cpi.ts';
import type { Finding, Findings, Outcome } from './findings.ts';
import type { CatalogueFile, Role } from './source-files.ts';

/** One file and what became of its rows. */
export interface FileReport {
  readonly role: Role;
  readonly name: string;
  readonly address: string;
  readonly revision: string | null;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: Readonly<Record<'read' | 'loaded' | 'dropped' | 'quarantined', number>>;
}

/** What a load did, for people and machines: `report.json`, `catalog load --json`, and the tables behind it. */
export interface LoadReport {
  /** `unchanged`: the newest version was made from these very files */
  readonly status: 'loaded' | 'unchanged';
  readonly version: number;
  readonly source: string;
  readonly sourcesHash: string;
  readonly counts: VersionCounts;
  readonly files: readonly FileReport[];
  /** rows by reason, one group per outcome: `repaired` -> `suspect_money` -> 42 */
  readonly totals: Readonly<Partial<Record<Outcome, Readonly<Record<string, number>>>>>;
  readonly findings: readonly Finding[];
  readonly cpi: readonly CpiCoverage[];
  readonly elapsedMs: number;
}

export function fileReport(
  file: CatalogueFile,
  bytes: number,
  sha256: string,
  findings: Findings,
): FileReport {
  const { role, name, address, revision } = file;
  const rows = {
    read: findings.count('read', name),
    loaded: findings.count('loaded', name),
    dropped: findings.count('dropped', name),
    quarantined: findings.count('quarantined', name),
  };
  return { role, name, address, revision, bytes, sha256, rows };
}

/** Findings summed over files and fields. */
export function totalsOf(findings: readonly Finding[]): LoadReport['totals'] {
  const totals: Partial<Record<Outcome, Record<string, number>>> = {};
  for (const { outcome, reason, rows } of findings) {
    if (reason === '') continue;
    const group = totals[outcome] ?? {};
    group[reason] = (group[reason] ?? 0) + rows;
    totals[outcome] = group;
  }
  return totals;
}

/** What could not be used of a catalogue's files. */
export interface SetAside {
  readonly rows: number;
  readonly fields: number;
}

export function setAsideOf(totals: LoadReport['totals']): SetAside {
  const sum = (group: Readonly<Record<string, number>> = {}) =>
    Object.values(group).reduce((a, b) => a + b, 0);
  return { rows: sum(totals.quarantined), fields: sum(totals.blanked) };
}
