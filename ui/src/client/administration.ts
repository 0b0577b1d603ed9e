import { api, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
export type User = Ok<paths['/api/v1/users']['get']>['items'][number];
export type RoleList = Ok<paths['/api/v1/roles']['get']>;
export type Role = RoleList['items'][number];
export type ApiToken = Ok<paths['/api/v1/api-tokens']['get']>['items'][number];
export type NewUser = paths['/api/v1/users']['post']['requestBody']['content']['application/json'];
export type UserChange = paths['/api/v1/users/{id}']['patch']['requestBody']['content']['application/json'];
export type NewToken = paths['/api/v1/api-tokens']['post']['requestBody']['content']['application/json'];
export type IssuedToken = paths['/api/v1/api-tokens']['post']['responses'][201]['content']['application/json'];

export const listUsers = async (): Promise<User[]> => (await read(api.GET('/api/v1/users'))).items;
export const createUser = (body: NewUser): Promise<User> => read(api.POST('/api/v1/users', { body }));
export const changeUser = (id: string, body: UserChange): Promise<User> =>
  read(api.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body }));
export const setPassword = async (id: string, password: string): Promise<void> => {
  await read(api.POST('/api/v1/users/{id}/password', { params: { path: { id } }, body: { password } }));
};

export const listRoles = (): Promise<RoleList> => read(api.GET('/api/v1/roles'));

export const listTokens = async (): Promise<ApiToken[]> => (await read(api.GET('/api/v1/api-tokens'))).items;
export const issueToken = (body: NewToken): Promise<IssuedToken> => read(api.POST('/api/v1/api-tokens', { body }));
export const revokeToken = async (name: string): Promise<void> => {
  await read(api.DELETE('/api/v1/api-tokens/{name}', { params: { path: { name } } }));
};
