import { api, read } from './http';
import type { paths } from './schema';

export type Town = paths['/api/v1/towns']['get']['responses'][200]['content']['application/json']['towns'][number];

/** A part of the world, in degrees. */
export interface Area {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** The largest towns of an area, largest first. */
export const getTowns = async (area: Area, signal?: AbortSignal): Promise<Town[]> =>
  (await read(api.GET('/api/v1/towns', { params: { query: area }, signal }))).towns;
