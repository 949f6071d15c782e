import type { Engine, EngineSession } from './engine.ts';
import { OUTER_ID_SETTINGS } from './kill-query.ts';
import type { NamedSessions } from './named-sessions.ts';
import { type Access, readOnlyValue } from './read-only.ts';
import type { RequestParameters } from './request-parameters.ts';
import { MARKER_SETTING } from './running-queries.ts';
import { borrowParameters } from './session-parameters.ts';
import { type ByteText, literal, quotedName } from './sql-text.ts';
import type { User } from './users.ts';

/** Where the embedded engine differs from a server: a bare expression is no statement there, and nobody looks into the process. */
const SERVER_DEFAULTS: readonly (readonly [name: string, value: string])[] = [
  ['implicit_select', '0'],
  ['allow_introspection_functions', '0'],
];

export interface SessionRequest {
  readonly engine: Engine;
  readonly sessions: NamedSessions;
  readonly user: User;
  readonly access: Access;
  readonly parameters: RequestParameters;
  readonly queryId: string;
  readonly marker: string;
  /** first word of the statement: USE keeps its effect on a named session */
  readonly keyword: string;
  readonly text: ByteText;
}

/**
 * Gives the work a session in the state the request asks for: a fresh one, so that nothing leaks into the next request,
 * or the named one. A read-only user's session holds no state (no SET, no temporary tables): it is always fresh.
 * @throws ServerException
 */
export function withSession<T>(
  request: SessionRequest,
  work: (session: EngineSession) => Promise<T>,
): Promise<T> {
  const { parameters, access } = request;
  const isNamed = parameters.sessionId !== null && access !== 'read_user';
  return isNamed ? withNamedSession(request, parameters.sessionId, work) : withFreshSession(request, work);
}

async function withFreshSession<T>(
  { engine, parameters, access, queryId, marker }: SessionRequest,
  work: (session: EngineSession) => Promise<T>,
): Promise<T> {
  const session = engine.openSession();
  try {
    const settings = settingsOf(parameters, queryId, marker);
    const readOnly = readOnlyValue(access, parameters.settings.get('readonly'));
    if (readOnly !== null) settings.set('readonly', readOnly);
    await applySettings(session, settings, parameters.database);
    return await work(session);
  } finally {
    session.close();
  }
}

/** `readonly` cannot be taken back, so reading on a named session relies on the statement check alone. */
async function withNamedSession<T>(
  { sessions, user, parameters, queryId, marker, keyword, text }: SessionRequest,
  sessionId: string,
  work: (session: EngineSession) => Promise<T>,
): Promise<T> {
  const named = sessions.take({
    user: user.name,
    sessionId,
    timeoutS: parameters.sessionTimeoutS,
    mustExist: parameters.sessionCheck,
  });
  let isSpoilt = false;
  try {
    const settings = settingsOf(parameters, queryId, marker);
    const { session, lentParameters: lent } = named;
    const restoreParameters = await borrowParameters({ session, lent, settings, text });
    const restore = await borrowSettings(session, settings, parameters.database).catch(async (thrown) => {
      await restoreParameters();
      throw thrown;
    });
    try {
      return await work(session);
    } finally {
      await restore(keyword)
        .then(restoreParameters)
        .catch(() => {
          // better no session than one with the settings of another request
          isSpoilt = true;
        });
    }
  } finally {
    named.release(parameters.closeSession || isSpoilt);
  }
}

/**
 * Settings of one request: those of the address, the query id where system.processes shows it, the marker of the run.
 */
function settingsOf(parameters: RequestParameters, queryId: string, marker: string): Map<string, string> {
  const [comment, fallback] = OUTER_ID_SETTINGS;
  const idSetting = parameters.settings.has(comment) ? fallback : comment;
  const settings = new Map([...SERVER_DEFAULTS, ...parameters.settings, [idSetting, queryId] as const]);
  settings.delete('readonly');
  settings.set(MARKER_SETTING, marker);
  return settings;
}

/**
 * Puts a session into the state the request asks for. `readonly` stands last in the map: nothing can be set behind it.
 * @throws ServerException for an unknown database or setting
 */
async function applySettings(
  session: EngineSession,
  settings: ReadonlyMap<string, string>,
  database: string | null,
): Promise<void> {
  const assignments = [...settings].map(([name, value]) => `${name} = ${literal(value)}`);
  const use = database === null ? '' : `USE ${quotedName(database)}; `;
  await session.run(`${use}SET ${assignments.join(', ')}`);
}

/**
 * A named session takes the settings of the address for one request only. Returns what puts it back.
 * @throws ServerException
 */
async function borrowSettings(
  session: EngineSession,
  settings: ReadonlyMap<string, string>,
  database: string | null,
): Promise<(statementKeyword: string) => Promise<void>> {
  const names = [...settings.keys()].filter((name) => !name.startsWith('param_'));
  const list = names.map(literal).join(', ');
  const before = await session.run(
    `SELECT name, value, changed, currentDatabase() AS database FROM system.settings WHERE name IN (${list})`,
    'JSONEachRow',
  );
  const rows = Buffer.from(before.bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { name: string; value: string; changed: number; database: string });
  const restore = async (statementKeyword: string) => {
    const assignments = rows.map(({ name, value, changed }) =>
      changed ? `${name} = ${literal(value)}` : `${name} = DEFAULT`,
    );
    const former = rows[0]?.database;
    const keepsDatabase = database === null || former === undefined || statementKeyword === 'USE';
    await session.run(`${keepsDatabase ? '' : `USE ${quotedName(former)}; `}SET ${assignments.join(', ')}`);
  };
  try {
    await applySettings(session, settings, database);
  } catch (thrown) {
    await restore('');
    throw thrown;
  }
  return restore;
}
