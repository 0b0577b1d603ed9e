import { afterEach, expect, test, vi } from 'vitest';
import { ProblemResponse, mockServer } from '@tests/harness';
import { api, onSignedOut, read, withoutEmpty } from './http';
import { getVocabulary, listConstraintKinds } from './optional';
import { Problem } from './problem';

afterEach(() => vi.unstubAllGlobals());

test('empty values are not sent', () => {
  expect(withoutEmpty({ state: '', source: undefined, product: null, limit: 0, manual_hold: false, search: 'LAMP' })).toEqual({
    limit: 0,
    manual_hold: false,
    search: 'LAMP',
  });
});

test('the data of a response is returned', async () => {
  mockServer({ 'GET /api/v1/flows': () => ({ items: [] }) });
  expect(await read(api.GET('/api/v1/flows'))).toEqual({ items: [] });
});

test('a rejected request throws its problem', async () => {
  mockServer({ 'GET /api/v1/flows': () => new ProblemResponse(403, { detail: 'Not permitted', remedy: 'Ask an administrator' }) });
  const failure = read(api.GET('/api/v1/flows'));
  await expect(failure).rejects.toBeInstanceOf(Problem);
  await expect(failure).rejects.toMatchObject({ what: 'Not permitted', remedy: 'Ask an administrator', status: 403 });
});

test('listeners are notified when the session has expired', async () => {
  mockServer({ 'GET /api/v1/flows': () => new ProblemResponse(401, { detail: 'Not signed in' }) });
  const listener = vi.fn();
  const unsubscribe = onSignedOut(listener);
  await expect(read(api.GET('/api/v1/flows'))).rejects.toThrow('Not signed in');
  expect(listener).toHaveBeenCalledOnce();
  unsubscribe();
  await expect(read(api.GET('/api/v1/flows'))).rejects.toThrow('Not signed in');
  expect(listener).toHaveBeenCalledOnce();
});

test('a rejected sign-in does not count as an expired session', async () => {
  mockServer({ 'POST /api/v1/session': () => new ProblemResponse(401, { detail: 'Incorrect e-mail or password' }) });
  const listener = vi.fn();
  const unsubscribe = onSignedOut(listener);
  const signIn = read(api.POST('/api/v1/session', { body: { email: 'a@example.com', password: 'wrong' } }));
  await expect(signIn).rejects.toThrow('Incorrect e-mail or password');
  expect(listener).not.toHaveBeenCalled();
  unsubscribe();
});

test('a missing vocabulary is null', async () => {
  mockServer({});
  expect(await getVocabulary()).toBeNull();
});

test('a failed connection to an optional endpoint is null', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));
  expect(await getVocabulary()).toBeNull();
  expect(await listConstraintKinds()).toBeNull();
});

test('the vocabulary is returned as delivered', async () => {
  mockServer({ 'GET /api/v1/vocabulary': () => ({ states: { new: 'New' } }) });
  expect(await getVocabulary()).toEqual({ states: { new: 'New' } });
});

test.each(['schema', 'properties_schema', 'json_schema'])('constraint kinds are read with their schema in %s', async (key) => {
  const schema = { properties: { maximum: { type: 'integer' } } };
  mockServer({
    'GET /api/v1/sourcing/constraint-kinds': () => ({
      items: [{ kind: 'maximum', title: 'Maximum', description: 'At most', [key]: schema }, { title: 'no kind' }, 'text'],
    }),
  });
  expect(await listConstraintKinds()).toEqual([{ kind: 'maximum', title: 'Maximum', description: 'At most', schema }]);
});

test('constraint kinds in an unknown form are null', async () => {
  mockServer({ 'GET /api/v1/sourcing/constraint-kinds': () => ({ other: 1 }) });
  expect(await listConstraintKinds()).toBeNull();
});
