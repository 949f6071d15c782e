/** Where one is in the console, as it stands behind the # of its address: `#/dashboard/<uid>?from=now-6h`. */
export interface Route {
  readonly page: 'dashboard' | 'alerts' | 'questions' | 'recommendations';
  /** uid, alert, question or user; empty for none */
  readonly name: string;
  readonly given: URLSearchParams;
}

const PAGES: readonly string[] = ['dashboard', 'alerts', 'questions', 'recommendations'];
const HOME = 'reelstream-overview';

/** Whatever cannot be read leads home. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...rest] = path.split('/');
  const given = new URLSearchParams(search);
  if (!PAGES.includes(page)) return { page: 'dashboard', name: HOME, given };
  const name = decoded(rest.join('/'));
  return { page: page as Route['page'], name: page === 'dashboard' && name === '' ? HOME : name, given };
}

export function routeText({ page, name, given }: Route): string {
  const search = given.toString();
  return `#/${page}${name === '' ? '' : `/${encodeURIComponent(name)}`}${search === '' ? '' : `?${search}`}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
