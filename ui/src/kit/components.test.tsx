import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { App } from 'antd';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { describe, expect, test, vi } from 'vitest';
import { Problem } from '@client/problem';
import { AddressLines } from './AddressLines';
import { ErrorBoundary } from './ErrorBoundary';
import { ExplainedButton } from './ExplainedButton';
import { Expression } from './Expression';
import { EmptyState, ProblemNotice, QueryContent } from './feedback';
import { JsonView } from './JsonView';
import { Card, DescriptionList, Page } from './layout';
import { MapView, pinOf } from './MapView';
import { Shipment } from './Shipment';
import { Badge, StateTag } from './states';
import { TableHead } from './TableHead';

describe('ExplainedButton', () => {
  test('an allowed button can be pressed', async () => {
    const onClick = vi.fn();
    render(
      <ExplainedButton allowed disabledReason="" onClick={onClick}>
        Hold
      </ExplainedButton>,
    );
    await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
    expect(onClick).toHaveBeenCalledOnce();
  });

  test('a disabled button stays focusable, explains why and does nothing', async () => {
    const onClick = vi.fn();
    render(
      <ExplainedButton allowed={false} disabledReason="The order has shipped" onClick={onClick}>
        Cancel
      </ExplainedButton>,
    );
    const button = screen.getByRole('button', { name: 'Cancel' });
    await userEvent.tab();
    expect(button).toHaveFocus();
    expect(button).toHaveAttribute('aria-disabled', 'true');
    expect(button).toHaveAccessibleDescription('The order has shipped');
    await userEvent.click(button);
    expect(onClick).not.toHaveBeenCalled();
  });
});

describe('ProblemNotice', () => {
  const problem = new Problem({
    what: 'The document cannot be applied',
    where: '/api/v1/configuration/apply',
    remedy: 'Correct the address',
    reference: '51c0aa',
    problems: [{ where: 'address.country', what: 'is unknown', remedy: 'use two letters' }],
  });

  test('shows what, where, remedy, reference and every part', () => {
    render(<ProblemNotice error={problem} />);
    const alert = screen.getByRole('alert');
    expect(alert).toHaveTextContent('The document cannot be applied');
    expect(alert).toHaveTextContent('Correct the address');
    expect(alert).toHaveTextContent('Reference: 51c0aa');
    expect(alert).toHaveTextContent('address.country is unknown');
    expect(alert).toHaveTextContent('use two letters');
  });

  test('can be retried', async () => {
    const onRetry = vi.fn();
    render(<ProblemNotice error={new Error('failed')} onRetry={onRetry} />);
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(onRetry).toHaveBeenCalledOnce();
  });

  test('any thrown value is shown', () => {
    render(<ProblemNotice compact error="text" />);
    expect(screen.getByRole('alert')).toHaveTextContent('An unexpected error occurred on this page');
  });
});

describe('QueryContent', () => {
  const query = { data: undefined as string | undefined, error: null as unknown, isPending: true, refetch: vi.fn() };

  test('shows a skeleton while loading', () => {
    render(<QueryContent query={query}>{(data) => <p>{data}</p>}</QueryContent>);
    expect(screen.getByLabelText('Loading')).toHaveAttribute('aria-busy', 'true');
  });

  test('shows the problem on failure and retries', async () => {
    const refetch = vi.fn();
    render(<QueryContent query={{ ...query, error: new Error('failed'), refetch }}>{(data) => <p>{data}</p>}</QueryContent>);
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(refetch).toHaveBeenCalledOnce();
  });

  test('shows data even when a refetch failed', () => {
    render(<QueryContent query={{ ...query, data: 'Content', error: new Error('failed') }}>{(data) => <p>{data}</p>}</QueryContent>);
    expect(screen.getByText('Content')).toBeVisible();
  });
});

test('an empty state has a title, a text and the next step', () => {
  render(
    <EmptyState title="No orders yet" action={<a href="/providers">Connect a provider</a>}>
      Orders appear here.
    </EmptyState>,
  );
  expect(screen.getByRole('heading', { name: 'No orders yet' })).toBeVisible();
  expect(screen.getByText('Orders appear here.')).toBeVisible();
  expect(screen.getByRole('link', { name: 'Connect a provider' })).toBeVisible();
});

test('a page sets the document title', () => {
  render(
    <Page title="Sales orders" description="All orders" breadcrumb={<a href="/">Home</a>} actions={<button type="button">Add</button>}>
      Content
    </Page>,
  );
  expect(document.title).toBe('Sales orders · OpenIOM');
  expect(screen.getByRole('heading', { level: 1, name: 'Sales orders' })).toBeVisible();
  expect(screen.getByText('All orders')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Add' })).toBeVisible();
});

test('a card has a heading only when it has a title', () => {
  const { rerender } = render(<Card title="Lines">Content</Card>);
  expect(screen.getByRole('heading', { level: 2, name: 'Lines' })).toBeVisible();
  rerender(<Card>Content</Card>);
  expect(screen.queryByRole('heading')).toBeNull();
});

test('a description list omits empty values but keeps zero', () => {
  render(
    <DescriptionList
      items={[
        ['Customer', 'Ana Souza'],
        ['Note', ''],
        ['Missing', null],
        ['Hidden', false],
        ['Shipped', 0],
      ]}
    />,
  );
  expect(screen.getAllByRole('term').map((term) => term.textContent)).toEqual(['Customer', 'Shipped']);
});

describe('AddressLines', () => {
  test('shows an address with links for phone and email', () => {
    render(
      <AddressLines
        address={{
          name: 'Ana Souza',
          line1: '410 Pine Street',
          city: 'Portland',
          state: 'OR',
          postal_code: '97205',
          country: 'US',
          phone: '503 555 0144',
          email: 'ana@example.com',
        }}
      />,
    );
    expect(screen.getByText('Portland, OR 97205, US')).toBeVisible();
    expect(screen.getByRole('link', { name: '503 555 0144' })).toHaveAttribute('href', 'tel:5035550144');
    expect(screen.getByRole('link', { name: 'ana@example.com' })).toHaveAttribute('href', 'mailto:ana@example.com');
  });

  test('shows a text without an address', () => {
    render(<AddressLines address={{}} />);
    expect(screen.getByText('No address given')).toBeVisible();
  });
});

describe('Shipment', () => {
  const parcel = {
    carrier: 'UPS',
    service: 'Ground',
    tracking_number: '1Z999',
    tracking_url: 'https://example.com/track/1Z999',
    shipped_at: '2026-03-04T12:00:00Z',
    items: [{ product: 'LAMP', quantity: 2 }],
  };

  test('links to the tracking page', () => {
    const { container } = render(<Shipment parcel={parcel} />);
    expect(screen.getByRole('link', { name: /1Z999/ })).toHaveAttribute('href', parcel.tracking_url);
    expect(container).toHaveTextContent('UPS Ground');
    expect(container).toHaveTextContent('2 × LAMP');
  });

  test('shows the number without a tracking page, and a generic name without a carrier', () => {
    const { container } = render(<Shipment parcel={{ ...parcel, carrier: '', service: '', tracking_url: '' }} />);
    expect(screen.queryByRole('link')).toBeNull();
    expect(container).toHaveTextContent('Shipment');
    expect(container).toHaveTextContent('1Z999');
  });
});

describe('states', () => {
  test('a state has color, icon and label', () => {
    const { container } = render(<StateTag state="on_hold" />);
    expect(container.firstChild).toHaveAttribute('data-tone', 'attention');
    expect(container).toHaveTextContent('On hold');
    expect(container.querySelector('svg')).not.toBeNull();
  });

  test('label and tone can be overridden', () => {
    const { container } = render(<StateTag state="done" label="Sourced" tone="progress" />);
    expect(container.firstChild).toHaveAttribute('data-tone', 'progress');
    expect(container).toHaveTextContent('Sourced');
  });

  test('a badge is neutral by default', () => {
    const { container } = render(<Badge>Batch</Badge>);
    expect(container.firstChild).toHaveAttribute('data-tone', 'neutral');
  });
});

describe('Expression', () => {
  test('a simple cell needs no disclosure', () => {
    render(<Expression cell source="'US'" />);
    expect(screen.getByText('US')).toBeVisible();
    expect(screen.queryByText('Show expression')).toBeNull();
  });

  test('a formula has its own label', () => {
    render(<Expression source="'A' + code" fallback="Calculated value" />);
    expect(screen.getByText('Calculated value')).toBeVisible();
    expect(screen.getByText('Show expression')).toBeVisible();
  });
});

test('number columns of a table head are marked', () => {
  render(
    <table>
      <TableHead titles={['Product', ['Units']]} />
    </table>,
  );
  expect(screen.getByRole('columnheader', { name: 'Units' })).toHaveClass('num');
  expect(screen.getByRole('columnheader', { name: 'Product' })).not.toHaveClass('num');
});

test('a JSON document can be copied', async () => {
  const user = userEvent.setup();
  render(
    <App>
      <JsonView label="payload" value={{ id: 1 }} />
    </App>,
  );
  await user.click(screen.getByRole('button', { name: 'Copy payload' }));
  expect(await navigator.clipboard.readText()).toBe('{\n  "id": 1\n}');
  expect(await screen.findByText('Copied')).toBeInTheDocument();
});

test('an error boundary shows its fallback', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const Broken = (): never => {
    throw new Error('cannot render');
  };
  render(
    <ErrorBoundary fallback={<p>Not available</p>}>
      <Broken />
    </ErrorBoundary>,
  );
  expect(screen.getByText('Not available')).toBeVisible();
  vi.restoreAllMocks();
});

describe('maps', () => {
  test('places without coordinates have no pin', () => {
    expect(pinOf({ id: 'a', label: 'A', kind: 'source', latitude: null, longitude: 3 })).toEqual([]);
    expect(pinOf({ id: 'a', label: 'A', kind: 'source', latitude: 1, longitude: 3 })).toHaveLength(1);
  });

  test('pins are repeated as text', () => {
    const pins = [
      { id: 'to', label: 'Portland', kind: 'destination' as const, latitude: 1, longitude: 2 },
      { id: 'SEA', label: 'SEA', kind: 'source' as const, latitude: 1, longitude: 2 },
    ];
    render(<RouterProvider router={createMemoryRouter([{ path: '/', element: <MapView label="Sources" pins={pins} /> }])} />);
    expect(screen.getByText('Sources: to Portland, from SEA')).toBeInTheDocument();
  });

  test('a map is loaded when it comes into sight', async () => {
    let see: (entries: { isIntersecting: boolean }[]) => void = () => undefined;
    const observed: Element[] = [];
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        constructor(callback: typeof see) {
          see = callback;
        }
        observe(element: Element): void {
          observed.push(element);
        }
        disconnect(): void {
          observed.pop();
        }
      },
    );
    const pins = [{ id: 'SEA', label: 'SEA', kind: 'source' as const, latitude: 1, longitude: 2 }];
    const { container } = render(<MapView label="Sources" pins={pins} />);
    expect(observed).toHaveLength(1);
    expect(container.querySelector('.ant-skeleton')).not.toBeNull();
    act(() => see([{ isIntersecting: false }]));
    expect(container.querySelector('.ant-skeleton')).not.toBeNull();
    act(() => see([{ isIntersecting: true }]));
    await waitFor(() => expect(container.querySelector('.ant-skeleton')).toBeNull());
    expect(observed).toHaveLength(0);
  });
});
