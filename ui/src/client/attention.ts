import { api, read } from './http';
import type { Change } from './live';
import type { paths } from './schema';

export type Attention = paths['/api/v1/attention']['get']['responses'][200]['content']['application/json'];
export type Outage = NonNullable<Attention['outages']>[number];

export const attentionKey = ['attention'] as const;
export const getAttention = (): Promise<Attention> => read(api.GET('/api/v1/attention'));

/** Whether connections, parked messages or other figures of the navigation have changed. */
export const isAttentionChange = (change: Change): boolean => change.subject_type === 'attention';
