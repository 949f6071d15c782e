/// <reference lib="dom" />
import { openUserPage } from './user-page.ts';

/** The page by itself, as the API serves it: `/ui/?user=1`. */
const root = document.querySelector<HTMLElement>('main')!;
openUserPage(root, {
  userId: new URLSearchParams(location.search).get('user') ?? '',
  onUser: (userId) => history.replaceState(null, '', `?user=${userId}`),
});
