import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { policies } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import PoliciesPage from './PoliciesPage';

const routes = [{ path: '/policies', Component: PoliciesPage }];
const renderPage = (items: unknown[]) => {
  mockServer({ 'GET /api/v1/policies': () => ({ items }) });
  renderRoutes(routes, '/policies');
};
const rowsOf = async (name: string) => within(await screen.findByRole('table', { name })).getAllByRole('row');

test('conditions and outcomes are shown in words', async () => {
  renderPage(policies);
  const [head, first, second, third] = await rowsOf('Address is complete');
  expect(head).toHaveTextContent('RowShip-to countryPostal codeOutcomeReason');
  expect(first).toHaveTextContent('Empty');
  expect(first).toHaveTextContent('Fail');
  expect(second).toHaveTextContent('US');
  expect(second).toHaveTextContent('Custom condition');
  expect(second).toHaveTextContent('Calculated value');
  expect(third).toHaveTextContent('Otherwise');
  expect(third).toHaveTextContent('Pass');
});

test('expressions are behind a disclosure', async () => {
  renderPage(policies);
  const [, , second] = await rowsOf('Address is complete');
  const expression = within(second!).getByText('not matches($, "^[0-9]{5}$")');
  expect(expression).not.toBeVisible();
  await userEvent.click(within(second!).getAllByText('Show expression')[0]!);
  expect(expression).toBeVisible();
});

test('assigned fields have columns of their own', async () => {
  renderPage(policies);
  const [head, first] = await rowsOf('Ship the west coast from Seattle');
  expect(head).toHaveTextContent('Set source');
  expect(first).toHaveTextContent('WA, OR, ID');
  expect(first).toHaveTextContent('At least 50');
  expect(first).toHaveTextContent('SEA');
});

test('policies are found by title, name and entity', async () => {
  renderPage(policies);
  await screen.findByText('Address is complete');
  await userEvent.type(screen.getByRole('textbox', { name: 'Find a policy' }), 'west');
  expect(screen.queryByText('Address is complete')).toBeNull();
  await userEvent.type(screen.getByRole('textbox', { name: 'Find a policy' }), ' wing');
  expect(screen.getByText('No policies match “west wing”')).toBeInTheDocument();
});

test('without policies the page explains what they are', async () => {
  renderPage([]);
  expect(await screen.findByText('No policies yet')).toBeInTheDocument();
  expect(screen.getByText(/A policy checks or sets order fields/)).toBeInTheDocument();
});

test('without the permission the page says so', async () => {
  mockServer({ 'GET /api/v1/policies': () => new ProblemResponse(403, { detail: 'dana may not read policies', status: 403 }) });
  renderRoutes(routes, '/policies');
  expect(await screen.findByRole('alert')).toHaveTextContent('You do not have access to this');
});
