import { api, read } from './http';
import type { paths } from './schema';

export type SavedView = paths['/api/v1/saved-views']['get']['responses'][200]['content']['application/json']['items'][number];

export const listSavedViews = async (list: string): Promise<SavedView[]> =>
  (await read(api.GET('/api/v1/saved-views', { params: { query: { list } } }))).items;
export const saveView = (view: SavedView): Promise<SavedView> => read(api.PUT('/api/v1/saved-views', { body: view }));
export const deleteView = async (list: string, name: string): Promise<void> => {
  await read(api.DELETE('/api/v1/saved-views', { params: { query: { list, name } } }));
};
