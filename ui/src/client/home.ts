import { api, read } from './http';
import type { paths } from './schema';

export type Home = paths['/api/v1/home']['get']['responses'][200]['content']['application/json'];
export type HomeItem = Home['items'][number];

export const homeKey = ['home'] as const;
export const getHome = (): Promise<Home> => read(api.GET('/api/v1/home'));
