import { api, withoutEmpty, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
export type FlowRow = Ok<paths['/api/v1/flows']['get']>['items'][number];
export type FlowDetail = Ok<paths['/api/v1/flows/{name}']['get']>;
export type FlowStep = FlowDetail['steps'][number];
export type StepCounts = Ok<paths['/api/v1/flows/{name}/counts']['get']>['steps'][string];
export type RunPage = Ok<paths['/api/v1/runs']['get']>;
export type Run = RunPage['items'][number];
export type RunError = NonNullable<Run['error']>;
export type RunState = 'failed' | 'running' | 'completed' | 'canceled';
export type Policy = Ok<paths['/api/v1/policies']['get']>['items'][number];
export type PolicyRow = Policy['rows'][number];
export type RowResult = Ok<paths['/api/v1/flow-runs/reprocess']['post']>['results'][number];
type RunsQuery = NonNullable<paths['/api/v1/runs']['get']['parameters']['query']>;

export const listFlows = async (): Promise<FlowRow[]> => (await read(api.GET('/api/v1/flows'))).items;
export const getFlow = (name: string): Promise<FlowDetail> => read(api.GET('/api/v1/flows/{name}', { params: { path: { name } } }));
export const getFlowCounts = async (name: string): Promise<Record<string, StepCounts>> =>
  (await read(api.GET('/api/v1/flows/{name}/counts', { params: { path: { name } } }))).steps;
export const listRuns = (query: RunsQuery, signal?: AbortSignal): Promise<RunPage> =>
  read(api.GET('/api/v1/runs', { params: { query: withoutEmpty(query) }, signal }));
export const listPolicies = async (): Promise<Policy[]> => (await read(api.GET('/api/v1/policies'))).items;

/** Stop flows from starting and continuing runs; the runs wait at their steps. */
export const pauseFlow = (name: string) => read(api.POST('/api/v1/flows/pause', { body: { names: [name] } }));
export const resumeFlow = (name: string) => read(api.POST('/api/v1/flows/resume', { body: { names: [name] } }));

const flowRunPath = {
  reprocess: '/api/v1/flow-runs/reprocess',
  skip: '/api/v1/flow-runs/skip',
  cancel: '/api/v1/flow-runs/cancel',
} as const;
export const actOnFlowRuns = async (action: keyof typeof flowRunPath, flowRunIds: string[]): Promise<RowResult[]> =>
  (await read(api.POST(flowRunPath[action], { body: { run_ids: flowRunIds } }))).results;
