import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import { FilterBar, useUrlFilters } from './FilterBar';

const view = { list: 'orders', name: 'Large', parameters: { state: 'on_hold', sort: '-total' } };

function List() {
  const [values, change] = useUrlFilters(['state', 'search', 'sort']);
  return (
    <FilterBar
      search="Find"
      filters={[{ key: 'state', label: 'State', kind: 'choice', options: [{ value: 'new', label: 'New' }] }]}
      values={values}
      onChange={change}
      views={{
        list: 'orders',
        keys: ['sort'],
        count: (parameters) => Promise.resolve({ count: parameters.state === 'on_hold' ? 1000 : 3, limit: 1000 }),
      }}
    />
  );
}

function render(path: string, replies: Record<string, (request: RecordedRequest) => unknown> = {}) {
  let views = [view];
  const sent = mockServer({
    'GET /api/v1/saved-views': () => ({ items: views }),
    'PUT /api/v1/saved-views': ({ body }) => {
      views = [...views, body as typeof view];
      return body;
    },
    'DELETE /api/v1/saved-views': () => {
      views = [];
      return null;
    },
    ...replies,
  });
  return { sent, ...renderRoutes([{ path: '/', element: <List /> }], path) };
}

describe('saved views', () => {
  test('show how many rows they have and set filters and sort', async () => {
    const { router } = render('/?state=new&after=K2');
    const open = await screen.findByRole('button', { name: 'Large 1,000+' });
    await userEvent.click(open);
    expect(router.state.location.search).toBe('?state=on_hold&sort=-total');
    expect(open).toHaveAttribute('aria-current', 'true');
    await userEvent.click(screen.getByRole('button', { name: 'All' }));
    expect(router.state.location.search).toBe('');
  });

  test('the current filters are saved under a name', async () => {
    const { sent } = render('/?state=new&after=K2');
    await userEvent.click(await screen.findByRole('button', { name: 'Save view' }));
    await userEvent.type(await screen.findByLabelText('Name of the view'), ' Fresh {Enter}');
    expect(await screen.findByRole('button', { name: 'Fresh 3' })).toHaveAttribute('aria-current', 'true');
    const saved = sent.find((request) => request.method === 'PUT');
    expect(saved?.body).toEqual({ list: 'orders', name: 'Fresh', parameters: { state: 'new' } });
    expect(screen.queryByRole('button', { name: 'Save view' })).toBeNull();
  });

  test('a refusal keeps the name', async () => {
    render('/?state=new', {
      'PUT /api/v1/saved-views': () => new ProblemResponse(422, { detail: 'there are 30 saved views', status: 422 }),
    });
    await userEvent.click(await screen.findByRole('button', { name: 'Save view' }));
    await userEvent.type(await screen.findByLabelText('Name of the view'), 'Fresh{Enter}');
    expect(await screen.findByText('there are 30 saved views')).toBeVisible();
    expect(screen.getByLabelText('Name of the view')).toHaveValue('Fresh');
  });

  test('the view in use can be deleted', async () => {
    const { sent } = render('/?state=on_hold&sort=-total');
    await userEvent.click(await screen.findByRole('button', { name: 'Delete view Large' }));
    await waitFor(() => expect(screen.queryByRole('button', { name: /Large/ })).toBeNull());
    const deleted = sent.find((request) => request.method === 'DELETE');
    expect([deleted?.query.get('list'), deleted?.query.get('name')]).toEqual(['orders', 'Large']);
  });

  test('a list without views and filters has no bar', async () => {
    render('/', { 'GET /api/v1/saved-views': () => ({ items: [] }) });
    expect(await screen.findByRole('textbox', { name: 'Find' })).toBeVisible();
    expect(screen.queryByRole('navigation', { name: 'Saved views' })).toBeNull();
  });
});

describe('the search of a list', () => {
  test('is live, and one step in the history', async () => {
    const { router } = render('/');
    const search = screen.getByRole('textbox', { name: 'Find' });
    await userEvent.type(search, 'oa');
    await waitFor(() => expect(router.state.location.search).toBe('?search=oa'));
    await userEvent.type(search, 'k');
    await waitFor(() => expect(router.state.location.search).toBe('?search=oak'));
    expect(search).toHaveFocus();
    await router.navigate(-1);
    await waitFor(() => expect(search).toHaveValue(''));
  });

  test('follows a view', async () => {
    render('/?search=oak');
    const search = screen.getByRole('textbox', { name: 'Find' });
    await userEvent.click(await screen.findByRole('button', { name: /Large/ }));
    expect(search).toHaveValue('');
  });
});

test('filters are chosen by keyboard alone, and the focus returns', async () => {
  const { router } = render('/');
  const button = screen.getByRole('button', { name: 'Filter' });
  button.focus();
  await userEvent.keyboard('{Enter}');
  const state = await screen.findByText('State');
  await waitFor(() => expect(state).toHaveFocus());
  await userEvent.keyboard('{Enter}');
  const choice = await screen.findByText('New');
  await waitFor(() => expect(choice).toHaveFocus());
  await userEvent.keyboard('{Tab}');
  expect(choice).toHaveFocus();
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(button).toHaveFocus());
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(screen.getByText('State')).toHaveFocus());
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(screen.getByText('New')).toHaveFocus());
  await userEvent.keyboard('{Enter}');
  expect(router.state.location.search).toBe('?state=new');
  expect(within(screen.getByRole('search')).getByRole('button', { name: 'State: New' })).toBeVisible();
});
