import { api, withoutEmpty, read } from './http';
import type { components, paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
type Query<R> = R extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
type Schemas = components['schemas'];

export type PlanPage = Ok<paths['/api/v1/sourcing/plans']['get']>;
export type PlanRow = PlanPage['items'][number];
export type PlanDetail = Ok<paths['/api/v1/sourcing/plans/{plan_id}']['get']>;
export type PlanOrder = PlanDetail['items'][number];
export type Decision = Ok<paths['/api/v1/orders/{order_id}/sourcing']['get']>['decisions'][number];
export type Explained = Ok<paths['/api/v1/sourcing/explain']['post']>;
export type ExplainedLine = Explained['lines'][number];
export type ExplainedCandidate = ExplainedLine['candidates'][number];
export type ShadowPrices = Ok<paths['/api/v1/sourcing/shadow-prices']['get']>;
export type ShadowPrice = ShadowPrices['items'][number];
export type Quote = Ok<paths['/api/v1/sourcing/quote']['post']>;
export type QuoteRequest = Schemas['QuoteRequest'];
export type OrderName = Ok<paths['/api/v1/orders']['get']>['items'][number];

export type SimulationPage = Ok<paths['/api/v1/simulations']['get']>;
export type SimulationRow = SimulationPage['items'][number];
export type SimulationView = Ok<paths['/api/v1/simulations/{simulation_id}']['get']>;
export type SimulationRequest = Schemas['SimulationRequest'];
export type SimulationChanges = Schemas['ScenarioChanges'];
export type CloneRequest = Schemas['CloneRequest'];
export type Comparison = Ok<paths['/api/v1/simulations/compare']['post']>;
export type DocumentDelta = Schemas['DocumentDelta'];
export type Band = Schemas['KpiBand'];
export type DailyBand = Schemas['DailyBand'];
export type Difference = Schemas['Difference'];
export type Figures = Schemas['Figures'];
export type Summary = Schemas['Summary'];

/** Rate a parcel with an unsaved rate table. */
export const testRate = async (
  request: { table: Record<string, unknown>; zone: string; weight_kg: number; source_type: string; business: boolean },
  signal?: AbortSignal,
): Promise<Schemas['RateAnswer']> => read(api.POST('/api/v1/sourcing/rate', { body: request as Schemas['RateRequest'], signal }));

export const listPlans = (query: Query<paths['/api/v1/sourcing/plans']['get']>, signal?: AbortSignal): Promise<PlanPage> =>
  read(api.GET('/api/v1/sourcing/plans', { params: { query: withoutEmpty(query) }, signal }));
export const getPlan = (id: string, after?: string): Promise<PlanDetail> =>
  read(api.GET('/api/v1/sourcing/plans/{plan_id}', { params: { path: { plan_id: id }, query: withoutEmpty({ after, limit: 50 }) } }));
export const listDecisions = async (order: string): Promise<Decision[]> =>
  (await read(api.GET('/api/v1/orders/{order_id}/sourcing', { params: { path: { order_id: order } } }))).decisions;
export const getOrderNames = async (id: string[]): Promise<OrderName[]> =>
  id.length === 0 ? [] : (await read(api.GET('/api/v1/orders', { params: { query: { ids: id } } }))).items;

/** Recalculate the sourcing of an order without saving. */
export const explainOrder = (order: string): Promise<Explained> =>
  read(api.POST('/api/v1/sourcing/explain', { body: { order_id: order, strategy: '', candidates: 200 } }));
export const listShadowPrices = (query: Query<paths['/api/v1/sourcing/shadow-prices']['get']>): Promise<ShadowPrices> =>
  read(api.GET('/api/v1/sourcing/shadow-prices', { params: { query: withoutEmpty(query) } }));
export const quoteCart = (body: QuoteRequest): Promise<Quote> => read(api.POST('/api/v1/sourcing/quote', { body }));

const byId = (id: string) => ({ params: { path: { simulation_id: id } } });
export const listSimulations = (query: Query<paths['/api/v1/simulations']['get']>, signal?: AbortSignal): Promise<SimulationPage> =>
  read(api.GET('/api/v1/simulations', { params: { query: withoutEmpty(query) }, signal }));
export const getSimulation = (id: string): Promise<SimulationView> => read(api.GET('/api/v1/simulations/{simulation_id}', byId(id)));
export const startSimulation = (body: SimulationRequest): Promise<SimulationView> => read(api.POST('/api/v1/simulations', { body }));
export const cloneSimulation = (id: string, body: CloneRequest): Promise<SimulationView> =>
  read(api.POST('/api/v1/simulations/{simulation_id}/clone', { ...byId(id), body }));
export const commitSimulation = (id: string) => read(api.POST('/api/v1/simulations/{simulation_id}/commit', byId(id)));
export const deleteSimulation = async (id: string): Promise<void> => {
  await read(api.DELETE('/api/v1/simulations/{simulation_id}', byId(id)));
};
export const compareSimulations = (simulations: string[]): Promise<Comparison> =>
  read(api.POST('/api/v1/simulations/compare', { body: { simulations } }));
