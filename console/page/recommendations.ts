/// <reference lib="dom" />
import { openUserPage } from '../recommend/user-page.ts';
import { type Route, routeText } from './route.ts';
import type { View } from './view.ts';

/** The page that the API serves too, within the console. */
export async function openRecommendations(route: Route, root: HTMLElement): Promise<View> {
  const page = openUserPage(root, {
    userId: route.name,
    onUser: (name) => history.replaceState(null, '', routeText({ ...route, name })),
  });
  return { title: 'Recommendations', redraw() {}, end: () => page.end() };
}
